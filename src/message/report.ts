/**
 * Delivery status notifications: RFC 3461 §6, RFC 3464, in the container of RFC 6522, internationalized as in RFC 6533.
 * What strangers said is quoted in them: nothing of it ends a line, passes 998 octets or holds a control character.
 */
import { budget } from '../base/budget.ts'
import { wrap } from '../base/words.ts'
import { parseAddress } from './address.ts'
import { formatDate } from './date.ts'
import { encodeQuotedPrintable } from './quoted-printable.ts'
import { type ReportKind, type ReportLanguage, reasonFor, reportWords } from './report-words.ts'

type ReportRecipient = {
  /** As a mailbox, without angle brackets. */
  readonly path: string
  /** `type;address` (RFC 3461 §4.2), decoded; '' when not given. */
  readonly orcpt: string
  /** What was said last. `code` is 0 when it was no SMTP reply, `enhanced` '' when there was none (RFC 2034). */
  readonly answer: { readonly code: number; readonly enhanced: string; readonly text: string }
  /** Name of the host that said it; '' when it was us. */
  readonly remote: string
  /** ms since the epoch; 0 when nothing was tried. */
  readonly lastAttempt: number
}

export type Report = {
  /** The action for all recipients named here. 'relayed': handed to a system without DSN. */
  readonly kind: ReportKind
  readonly hostname: string
  /**
   * The report's own, not that of the original; letters and digits. The boundary is made of it, and what is returned is
   * never searched for that: the id must be random and younger than the original, so that nobody can have put it there.
   */
  readonly id: string
  /** ms since the epoch */
  readonly date: number
  readonly language: ReportLanguage
  /** The reverse-path of the original; never the null one, which gets no reports (RFC 5321 §4.5.5). */
  readonly to: string
  /** Decoded (RFC 3461 §4.4); '' when not given. */
  readonly envid: string
  /** When we took the original, ms since the epoch. */
  readonly arrival: number
  /** For 'delayed': how long we go on trying, ms since the epoch. */
  readonly until?: number
  /** At least one. */
  readonly recipients: readonly ReportRecipient[]
  /** The original came with SMTPUTF8, so that its sender may be answered in UTF-8 too. */
  readonly smtputf8: boolean
  /** What is returned may hold octets beyond ASCII: so for BODY=8BITMIME or SMTPUTF8, unless somebody looked. */
  readonly eightBit: boolean
  /** Subject of the original, decoded; '' when not known. */
  readonly subject: string
  /** Message-ID of the original with its angle brackets; '' when not known. */
  readonly messageId: string
  /** The third part: the header section of the original, or all of it. */
  readonly returned: 'headers' | 'full'
}

type ReportNeeds = { readonly eightBit: boolean; readonly smtputf8: boolean }

const lineWidth = 76
const beyondAscii = /[^\0-\x7f]/

/** White space that would end a line. */
const breaks = /[\t-\r\u{85}\u{2028}\u{2029}]/gu
/** Controls, and those of Unicode that make text run backwards. */
const controls = /[\p{Cc}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu

/** What MAIL has to say of a report: BODY=8BITMIME, SMTPUTF8. */
export function reportNeeds(report: Report): ReportNeeds {
  const global = isGlobal(report)
  const eightBit = global || report.eightBit
  return { eightBit, smtputf8: global || isReturnedGlobal(report) || beyondAscii.test(toField(report)) }
}

/**
 * Everything up to the body of the third part, with CRLF line ends. The octets of the original follow, from its header
 * section or all, then `endReport`.
 */
export function beginReport(report: Report): Buffer {
  const { id, hostname, date, kind, language, messageId } = report
  const { eightBit } = reportNeeds(report)
  // An answer keeps to the thread of what it answers (RFC 3834 §3.1.6).
  const thread = /^<[!-;=?-~]+>$/.test(messageId) && messageId.length <= budget.reportText
  const lines = [
    // Programs know a report by this name; people who answer it reach a person (RFC 3464 §2).
    `From: Mail Delivery <mailer-daemon@${hostname}>`,
    `Reply-To: <postmaster@${hostname}>`,
    toField(report),
    `Date: ${formatDate(date)}`,
    `Message-ID: <${id}@${hostname}>`,
    ...(thread ? [`In-Reply-To: ${messageId}`, `References: ${messageId}`] : []),
    `Subject: ${reportWords[language].subject[kind]}`,
    // Not 'auto-generated', which a report must not be called (RFC 3834 §5.2). Nothing automatic answers it in turn.
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    // A multipart says what the most demanding of its parts says (RFC 2045 §6.4).
    `Content-Transfer-Encoding: ${eightBit ? '8bit' : '7bit'}`,
    `Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="${boundary(report)}"`,
    '',
    ...textPart(report),
    ...statusPart(report),
    ...returnedHead(report),
    '',
  ]
  return Buffer.from(lines.join('\r\n'))
}

/** What follows the octets of the original. */
export function endReport(report: Report): Buffer {
  return Buffer.from(`\r\n--${boundary(report)}--\r\n`)
}

/** `=_` stands in no quoted-printable text (RFC 2045 §6.7). */
function boundary({ id }: Report): string {
  return `=_${id}`
}

/** Where the header cannot hold the reverse-path, there is a group of nobody (RFC 5322 §3.4); the envelope has it. */
function toField({ to, smtputf8 }: Report): string {
  const writable = parseAddress(to, { utf8: smtputf8 }) !== undefined && harmless(to) === to
  return writable ? `To: <${to}>` : 'To: undisclosed-recipients:;'
}

/** The part for people. */
function textPart(report: Report): string[] {
  const text = paragraphs(report).join('\r\n')
  const plain = !beyondAscii.test(text)
  return [
    `--${boundary(report)}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Transfer-Encoding: ${plain ? '7bit' : 'quoted-printable'}`,
    '',
    plain ? text : encodeQuotedPrintable(text),
    '',
  ]
}

function paragraphs(report: Report): string[] {
  const { kind, hostname, arrival, until, recipients, language, returned } = report
  const words = reportWords[language]
  const named = recipients.slice(0, budget.reportRecipients)
  const rest = recipients.length - named.length
  const subject = quote(report.subject, budget.reportSubject)
  const message = words.message(subject, formatDate(arrival))
  const back = kind === 'failed' ? ` ${words.returned[returned]}` : ''
  return [
    ...wrap(words.greeting(hostname), lineWidth),
    '',
    ...wrap(words.opening[kind](message), lineWidth),
    '',
    ...named.flatMap(recipient => [...recipientText(recipient, report), '']),
    ...(rest > 0 ? [...wrap(words.more(rest), lineWidth), ''] : []),
    ...wrap(words.closing[kind](until === undefined ? '' : formatDate(until)) + back, lineWidth),
  ]
}

function recipientText(recipient: ReportRecipient, { kind, language }: Report): string[] {
  const { answer, remote } = recipient
  const words = reportWords[language]
  const lines = [`  ${bound(harmless(recipient.path))}`]
  const status = statusOf(recipient, kind)
  if (kind === 'failed' || kind === 'delayed') {
    const { what, advice } = reasonFor(status, words)
    lines.push(...wrap(kind === 'failed' && advice ? `${what} ${advice}` : what, lineWidth, '    '))
  }
  const reply = replyText(answer)
  if (reply !== '') lines.push(...wrap(`${words.said(quote(remote))} ${reply}`, lineWidth, '    '))
  return lines
}

/** The part for programs. */
function statusPart(report: Report): string[] {
  const { envid, hostname, arrival, recipients } = report
  const global = isGlobal(report)
  return [
    `--${boundary(report)}`,
    `Content-Type: message/${global ? 'global-' : ''}delivery-status`,
    `Content-Transfer-Encoding: ${global ? '8bit' : '7bit'}`,
    '',
    ...(envid === '' ? [] : [`Original-Envelope-Id: ${asciiOnly(bound(harmless(envid)))}`]),
    `Reporting-MTA: dns; ${hostname}`,
    `Arrival-Date: ${formatDate(arrival)}`,
    ...recipients.flatMap(recipient => ['', ...recipientFields(recipient, report, global)]),
    '',
  ]
}

/** RFC 3464 §2.3, in its order. */
function recipientFields(recipient: ReportRecipient, { kind, until }: Report, global: boolean): string[] {
  const { path, orcpt, answer, remote, lastAttempt } = recipient
  const [, type = 'unknown', original = orcpt] = /^([a-z0-9-]{1,30});(.*)$/is.exec(orcpt) ?? []
  const fields = [
    `Final-Recipient: ${addressText(beyondAscii.test(path) ? 'utf-8' : 'rfc822', path, global)}`,
    `Action: ${kind}`,
    `Status: ${statusOf(recipient, kind)}`,
  ]
  if (orcpt !== '') fields.unshift(`Original-Recipient: ${addressText(type, original, global)}`)
  if (remote !== '') fields.push(`Remote-MTA: dns; ${asciiOnly(quote(remote))}`)
  const reply = global ? replyText(answer) : asciiOnly(replyText(answer))
  // Only a reply of SMTP is of that type (RFC 3461 §9.2): a host that never answered has sent none.
  const diagnostic = `Diagnostic-Code: ${isReply(answer.code) ? 'smtp' : 'x-porchlight'}; ${reply}`
  if (reply !== '') fields.push(wrap(diagnostic, lineWidth - 1).join('\r\n '))
  if (lastAttempt !== 0) fields.push(`Last-Attempt-Date: ${formatDate(lastAttempt)}`)
  if (kind === 'delayed' && until !== undefined) fields.push(`Will-Retry-Until: ${formatDate(until)}`)
  return fields
}

/** An address with its type. Where only ASCII may stand, one of type utf-8 is written with escapes (RFC 6533 §3). */
function addressText(type: string, address: string, global: boolean): string {
  const text = harmless(address)
  if (global) return `${type}; ${bound(text)}`
  return `${type}; ${bound(type.toLowerCase() === 'utf-8' ? escapeUtf8(text) : asciiOnly(text))}`
}

/** The form utf-8-addr-xtext of RFC 6533 §3. */
function escapeUtf8(text: string): string {
  return text.replace(/[^!-~]|[\\+=]/gu, char => `\\x{${char.codePointAt(0)?.toString(16).toUpperCase()}}`)
}

/** The status code of RFC 3463: what was said if it fits what we report, or else the general one (RFC 3461 §6.3 g). */
function statusOf({ answer }: ReportRecipient, kind: ReportKind): string {
  const classes = { failed: '45', delayed: '4', delivered: '2', relayed: '2' }[kind]
  const { code, enhanced } = answer
  if (classes.includes(enhanced.charAt(0)) && /^\d(?:\.(?:0|[1-9]\d{0,2})){2}$/.test(enhanced)) return enhanced
  if (kind === 'failed') return code >= 400 && code < 500 ? '4.0.0' : '5.0.0'
  return `${classes}.0.0`
}

/** A reply on one line; when it was none of SMTP, what was said instead. */
function replyText({ code, enhanced, text }: ReportRecipient['answer']): string {
  return quote(`${isReply(code) ? code : ''} ${enhanced} ${text}`)
}

function isReply(code: number): boolean {
  return Number.isInteger(code) && code >= 200 && code < 600
}

function returnedHead(report: Report): string[] {
  const types = isReturnedGlobal(report)
    ? { headers: 'message/global-headers', full: 'message/global' }
    : { headers: 'text/rfc822-headers', full: 'message/rfc822' }
  return [
    `--${boundary(report)}`,
    `Content-Type: ${types[report.returned]}`,
    `Content-Transfer-Encoding: ${report.eightBit ? '8bit' : '7bit'}`,
    '',
  ]
}

/** Whether the part for programs is in UTF-8: only where it has to be (RFC 6533 §4.4). */
function isGlobal({ smtputf8, recipients }: Report): boolean {
  return smtputf8 && recipients.some(({ path, orcpt, answer }) => beyondAscii.test(path + orcpt + answer.text))
}

function isReturnedGlobal({ smtputf8, eightBit }: Report): boolean {
  return smtputf8 && eightBit
}

/** A stranger's words as they may be quoted: on one line, with single spaces. */
function quote(text: string, octets: number = budget.reportText): string {
  return bound(harmless(text).replace(/ {2,}/g, ' ').trim(), octets)
}

/** Line breaks become spaces, what is no text a question mark. */
function harmless(text: string): string {
  return text.toWellFormed().replace(breaks, ' ').replace(controls, '?')
}

function asciiOnly(text: string): string {
  return text.replace(/[^\0-\x7f]/gu, '?')
}

function bound(text: string, octets: number = budget.reportText): string {
  if (Buffer.byteLength(text) <= octets) return text
  const kept = Buffer.from(text)
    .subarray(0, octets - 3)
    .toString()
  // The last character may have been cut in two.
  return `${kept.replace(/\ufffd$/, '')}...`
}
