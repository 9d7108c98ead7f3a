/** What a report says to people, language by language. */

/** What happened to a message: the actions of RFC 3464 §2.3.3 that we report. */
export type ReportKind = 'failed' | 'delayed' | 'delivered' | 'relayed'

export type ReportLanguage = 'en'

/** Why a message did not arrive, in a sentence, and what its sender can do about it. */
type Reason = { readonly what: string; readonly advice?: string }

type ReportWords = {
  /** ASCII, since it stands in the header. */
  readonly subject: Readonly<Record<ReportKind, string>>
  readonly greeting: (hostname: string) => string
  /** Names the message. `subject` is '' when it is not known. */
  readonly message: (subject: string, date: string) => string
  /** Comes before the recipients. */
  readonly opening: Readonly<Record<ReportKind, (message: string) => string>>
  /** Comes after the recipients. `until` is '' when it is not known. */
  readonly closing: Readonly<Record<ReportKind, (until: string) => string>>
  readonly returned: Readonly<Record<'headers' | 'full', string>>
  /** How many recipients are not named. */
  readonly more: (count: number) => string
  /** Comes before an answer in its own words; `remote` is '' when it was our own. */
  readonly said: (remote: string) => string
  /** By status (RFC 3463), in the notation of the RFC: X stands for any class. */
  readonly reasons: Readonly<Record<string, Reason>> & { readonly [status in '4.0.0' | '5.0.0']: Reason }
}

/**
 * The reason for a status code: the most exact one there is.
 * @param status `4.2.2` or `5.1.1`: class 4 or 5
 */
export function reasonFor(status: string, { reasons }: ReportWords): Reason {
  const [kind = '', subject = '', detail = ''] = status.split('.')
  const known = [status, `X.${subject}.${detail}`, `X.${subject}.0`].find(code => Object.hasOwn(reasons, code))
  return (known && reasons[known]) || reasons[kind === '4' ? '4.0.0' : '5.0.0']
}

const typing = 'Please check the address for a typing mistake, or ask the person for the right one.'
const later = 'Please try again later, or reach the person in another way.'
const smaller = 'Please send it in smaller parts, or put large files where the person can fetch them.'
const keeper = 'Please show this report to whoever looks after your mail.'

const noDomain = {
  what: 'No mail server was found for the domain of this address, the part after the @.',
  advice: typing,
}
const badSender = { what: 'Your own address, from which the message was sent, was not accepted.', advice: keeper }
const unproven = {
  what: 'The mail system of the recipient could not make sure that the message really comes from you.',
  advice: keeper,
}

const en: ReportWords = {
  subject: {
    failed: 'Your message could not be delivered',
    delayed: 'Your message is delayed',
    delivered: 'Your message was delivered',
    relayed: 'Your message was handed on',
  },
  greeting: hostname => `This is the mail system at ${hostname}.`,
  message: (subject, date) => `Your message ${subject === '' ? '' : `"${subject}" `}of ${date}`,
  opening: {
    failed: message => `${message} could not be delivered to:`,
    delayed: message => `${message} has not been delivered yet to:`,
    delivered: message => `${message} was delivered to:`,
    relayed: message => `${message} was handed on to a mail system that does not report deliveries, for:`,
  },
  closing: {
    failed: () => 'We have stopped trying. If you sent it to others as well, this report is not about them.',
    delayed: until =>
      `You need not do anything, and need not send it again. We go on trying${until === '' ? '' : ` until ${until}`}, and we tell you if it cannot be delivered.`,
    delivered: () => 'This does not mean that anybody has read it yet.',
    relayed: () => 'You will hear from us no more about it, unless that system sends it back.',
  },
  returned: {
    headers: 'The header of your message comes back with this report.',
    full: 'Your message comes back with this report.',
  },
  more: count => `And ${count} more: the second part of this report names them all.`,
  said: remote => (remote === '' ? 'In technical words:' : `${remote} said:`),
  reasons: {
    '4.0.0': { what: 'The message could not be taken, for a reason that may pass.', advice: later },
    '5.0.0': { what: 'The message was not accepted.', advice: 'The words below may say why.' },
    'X.1.0': { what: 'Something about this address was not accepted.', advice: typing },
    'X.1.1': { what: 'There is no mailbox with this address.', advice: typing },
    'X.1.2': noDomain,
    'X.1.3': { what: 'This is no valid address.', advice: typing },
    'X.1.6': { what: 'This mailbox has moved.', advice: 'Please ask the person for the new address.' },
    'X.1.7': badSender,
    'X.1.8': badSender,
    'X.1.10': { what: 'The domain of this address, the part after the @, takes no mail at all.', advice: typing },
    'X.2.0': { what: 'The mailbox could not take the message.', advice: later },
    'X.2.1': { what: 'This mailbox is closed at present.', advice: 'Please reach the person in another way.' },
    'X.2.2': { what: 'The mailbox is full.', advice: later },
    'X.2.3': { what: 'The message is larger than this mailbox takes.', advice: smaller },
    'X.3.0': { what: 'The mail system of the recipient has a problem of its own.', advice: later },
    'X.3.1': { what: 'The mail system of the recipient has no room left.', advice: later },
    'X.3.4': { what: 'The message is larger than the mail system of the recipient takes.', advice: smaller },
    'X.4.0': { what: 'The mail system of the recipient could not be reached.', advice: later },
    'X.4.1': { what: 'The mail system of the recipient does not answer.', advice: later },
    'X.4.2': { what: 'The connection to the mail system of the recipient broke off.', advice: later },
    'X.4.3': { what: 'The mail system of the recipient could not be looked up.', advice: later },
    'X.4.4': noDomain,
    'X.4.6': {
      what: 'The message went round in a loop: mail systems on its way send it to each other.',
      advice: 'Only those who look after that address can mend this. Please reach the person in another way.',
    },
    'X.4.7': { what: 'The time in which we try to deliver a message is over.', advice: later },
    'X.5.0': { what: 'The mail system of the recipient and ours did not understand each other.', advice: keeper },
    'X.5.3': { what: 'The message has too many recipients at once.', advice: 'Please send it to fewer at a time.' },
    'X.6.0': { what: 'The mail system of the recipient does not take messages of this form.', advice: keeper },
    'X.6.3': {
      what: 'The mail system of the recipient takes only messages in plain ASCII, and this one is not.',
      advice: 'Please send the text as an attachment.',
    },
    'X.6.7': {
      what: 'The mail system of the recipient takes only addresses in plain ASCII letters.',
      advice: 'Please use an address in such letters, your own and those of the recipients.',
    },
    'X.7.0': {
      what: 'A rule of the mail system does not let this message pass.',
      advice: 'The words below may say why. If it should pass, please ask the person to see to it.',
    },
    'X.7.20': unproven,
    'X.7.23': unproven,
    'X.7.25': unproven,
    'X.7.26': unproven,
    'X.7.30': {
      what: 'The message asks to be encrypted all the way, and the mail system of the recipient cannot promise that.',
      advice: 'If it need not be, please send it again without asking for that.',
    },
  },
}

export const reportWords: Readonly<Record<ReportLanguage, ReportWords>> = { en }
