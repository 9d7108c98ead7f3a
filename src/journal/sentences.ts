/** What each line of the log says to a person: one table, by the fixed sentence that the line has in the code. */
import { roundSize } from '../base/units.ts'
import { allFields, fill, plain, type When } from './fields.ts'
import type { JournalLine } from './line.ts'

type Sentence = string | ((line: JournalLine, when: When) => string)

/** Every sentence of the log; `test/journal/sentences.test.ts` looks for those that are missing. */
export const sentences: Readonly<Record<string, Sentence>> = {
  // The server
  starting: 'Porchlight {version} is starting.',
  ready: 'Porchlight is ready.',
  'consoles are open, and nothing else': 'Porchlight waits for its mail store; consoles can be used.',
  stopping: 'Porchlight is stopping.',
  stopped: 'Porchlight has stopped.',
  listening: 'It listens at {address} ({service}).',
  'a fault in Porchlight itself; it ends and has to be started again':
    'There is a fault in Porchlight itself: {err}. It ends and has to be started again.',
  'configuration and certificate read again': 'The configuration and the certificate were read again.',
  'nothing has changed': 'The configuration could not be taken, so nothing has changed: {reason}.',
  'listen takes effect at the next start': 'Where Porchlight listens ({settings}) changes with the next start.',
  'the server is started anew': 'Porchlight closes its doors and opens them anew.',
  'the server could not be started anew': 'Porchlight could not be started anew: {reason}.',
  'the mail store cannot be opened; it is tried again every minute':
    'No mail is taken or shown, since the mail store cannot be opened: {reason}. It is tried again every minute.',
  'commands over the control socket are not possible now': 'The control socket cannot be opened: {reason}.',
  'a line of [setup] is done, and taken out of the file':
    'The first set-up did {setting}, and took it out of the file.',
  'a line of [setup] cannot be used': 'The first set-up cannot use {setting}: {reason}.',
  'the password of the console is taken away':
    'The password of the console was taken away, as the file {file} asked for.',
  'the password of the console is taken away at each start':
    'The password of the console is taken away at each start until its file is deleted: {reason}.',
  '[setup] cannot be carried out': 'The first set-up from the file cannot be carried out: {reason}.',
  'porchlight.toml on the first partition is applied':
    'The settings of porchlight.toml on the card were applied: {done}.',
  'a line of porchlight.toml on the first partition cannot be used':
    'The line {setting} of porchlight.toml on the card cannot be used: {reason}.',
  'porchlight.toml on the first partition cannot be applied':
    'porchlight.toml on the card cannot be applied: {reason}.',
  'porchlight.toml on the first partition still has what was in it':
    'porchlight.toml on the card could not be changed, so passwords may still be in it: {reason}.',
  'connection turned away': 'A connection from {client} was turned away: too many are open ({refusal}).',
  'connection closed to make room': 'The connection from {client} was closed to make room for another.',

  // The board
  'the packet filter could not be told which ports are in use':
    'The board could not be told which ports to open, so mail programs may not reach it: {reason}',
  'the box has a name on its own network': 'Machines on the same network find the box as {name}.',
  'the name of the box cannot be announced here': 'The name of the box cannot be announced here: {reason}.',
  'running on a board': 'It runs on {model}, version {version} in slot {slot}.',
  'what the board says of itself cannot be understood': 'What the board says of itself makes no sense: {reason}.',
  'what the board says cannot be read': 'What the board says cannot be read: {reason}.',
  'this folder cannot be watched': 'Changes in {folder} are seen a little later: {reason}.',
  'the board is asked for something': 'The board was asked: {word} {words}.',
  'the watchdog cannot be fed': 'The watchdog cannot be fed ({why}).',
  'Porchlight did not come to be ready; the board is about to start anew':
    'Porchlight did not come to be ready. The board is about to start anew.',
  'the light of the board cannot be switched': 'The light of the board cannot be switched ({why}).',
  'this version works; it is kept': 'Version {version} works. It is kept.',
  'this version does not work yet': 'Version {version} is on trial and does not work yet: {why}',
  'this version does not work; the board is started anew':
    'Version {version} is on trial and does not work. The board is started anew.',
  'the board could not be started anew': 'The board could not be started anew: {reason}',
  'a newer version did not work; this one runs again':
    'A newer version did not work, so version {version} runs again: {why}',
  'the postmaster could not be told that an update did not work':
    'The postmaster could not be told that an update did not work: {reason}',
  'this is told again at the next start': 'This is told again at the next start: {reason}',
  'the disk was repaired at the start': 'The data on the card was damaged and was repaired at this start: {why}',
  'the clock is set': 'The clock is set.',
  'what was written to the storage could not be noted':
    'How much was written to the storage could not be noted: {reason}.',

  // Serial lines
  'console on a serial line': 'The serial line {tty} has a console.',
  'serial line closed': 'The serial line {tty} was hung up, or closed.',
  'this serial line is not there; it is waited for': 'The serial line {tty} is not there. It is waited for.',
  'this serial line cannot be used': 'The serial line {tty} cannot be used: {why}.',
  'this serial line is named twice in console.ttys': 'The serial line {tty} is named twice in console.ttys.',
  'this serial line keeps its speed until it is opened anew':
    'The serial line {tty} could not be set to the new speed. It keeps the one that it had.',

  // Logins and mailboxes
  'login failed': 'A login as {user} from {client} failed.',
  'password not hashed anew': 'The password of {account} could not be stored in its new form: {reason}.',
  'maildrop opened': ({ fields: { account, client, messages } }) =>
    `${plain(account)} looked at the mailbox from ${plain(client)}; it held ${counted(messages, 'message')}.`,
  'maildrop cannot be opened': 'A mailbox cannot be opened: {reason}.',
  'message cannot be read': 'A message cannot be read: {reason}.',
  'messages cannot be deleted': 'Messages could not be deleted: {reason}.',
  'what was fetched cannot be marked as seen': 'Messages that were fetched could not be marked as seen: {reason}.',

  // Mail
  'message accepted': accepted,
  'message posted': accepted,
  'messages removed that were too old': ({ fields: { account, messages, busy } }) =>
    `${counted(messages, 'message')} of ${plain(account)} went, older than mail is kept there${busy === true ? '; the mailbox is open, so the rest goes another night' : ''}.`,
  'a sender is told of an absence': 'A sender was told that {account} is away.',
  'a sender is not told of an absence': 'A sender could not be told of an absence: {reason}.',
  'too many are told of an absence; a sender is not':
    'A sender was not told that {account} is away: too many were told already.',
  'too much mail for those who are away; a sender is not told':
    'A sender was not told of an absence: there was too much mail at once.',
  'mail cannot be kept': 'Mail was refused, because it cannot be kept: {reason}.',
  'mail goes out without signature': 'Mail from {domain} goes out without signature: {reason}.',
  'report sent': ({ fields: { id, kind } }) =>
    `The sender of message ${plain(id)} was told ${told[String(kind)] ?? 'what became of it'}.`,
  'a report has nobody to go to; it ends here':
    'Nobody can be told what became of message {id}: its sender is unknown.',
  'a report could not be delivered; it ends here': 'The report {id} could not be delivered. It ends here.',
  'nobody could be told that a message has arrived':
    'A sender who asked for it could not be told of the arrival: {reason}.',
  'a message cannot be read, so that nothing is reported of it':
    'A message cannot be read, so its sender is not told what became of it: {reason}.',

  // Mail that goes out
  delivered: 'Message {id} for {domain} was taken by {host}: {said}.',
  deferred: 'Message {id} for {domain} has to wait: {said}. It is tried again at {next:time}.',
  bounced: 'Message {id} for {domain} cannot be delivered: {said}.',
  withdrawn: 'Message {id} was taken out of the queue.',
  'it may arrive twice: the answer was lost':
    'Message {id} may arrive twice: {host} did not say that it has it, and it is sent again.',
  'no session': 'No session with {host} at {address}: {why}.',
  'nothing is sent for a moment': 'Nothing is sent for a moment: {why}.',
  'mail cannot go out directly; set relay.host to a smarthost':
    'Mail cannot go out directly: {why}. Set relay.host to a smarthost, a host that sends it on for you.',
  'mail goes through the smarthost from now on; tomorrow it is tried directly again':
    'Mail goes through the smarthost from now on: {why}. Tomorrow it is tried directly again.',
  'the clock was set; what waits counts from now on':
    'The clock was set, or the box was off for long. Mail that waits is tried for as long as if it had come now ({waiting} waiting).',
  'the queue cannot be read': 'The mail that waits to be sent cannot be read: {reason}.',
  'mail for a domain could not be seen to': 'Mail for {domain} could not be seen to: {reason}.',
  'a message that waits cannot be read': 'A message that waits to be sent cannot be read: {reason}.',

  // The store
  'the mail store takes mail again': 'The mail store takes mail again.',
  'the mail store could not be opened again': 'The mail store could not be opened again: {reason}.',
  'the process before died with the mail store open; its files are looked through':
    'Porchlight ended without warning last time. The mail store is looked through.',
  'a repair of the mail store was not finished; it goes on': 'A repair of the mail store was not finished. It goes on.',
  'a file of the mail store cannot be read, or would end this process; the store is repaired':
    'A file of the mail store is damaged ({file}). The store is repaired.',
  'a message is lost or damaged': 'Message {id} of {accounts} is lost or damaged: {why}.',
  'a message is not as it was received': 'Message {id} of {accounts} is not as it was received: {why}.',
  'the mail store moves on to what this version writes':
    'The mail store moves on to schema {schema}. An older Porchlight may not be able to read it from now on.',
  'the mail store is damaged; it is repaired': 'The mail store is damaged: {reason}. It is repaired.',
  'the mail store is in order again': ({ fields: { messages, damaged } }) =>
    `The mail store is in order again, with ${counted(messages, 'message')}; damaged: ${plain(damaged)}.`,
  'sweep failed': 'The room of deleted messages could not be given back: {reason}.',
  'dead messages swept': 'The room of deleted messages was given back.',

  // What happens at fixed times
  'job done': ({ fields: { job, result } }) =>
    `The job ${plain(job)} is done${typeof result === 'string' && result !== '' ? `: ${plain(result)}` : ''}.`,
  'job failed': 'The job {job} failed: {reason}.',
  'the doctor has found trouble': '{says}. What to do about it: porchlight doctor {check}',
  'job left out: the clock is not set yet': 'The job {job} waits until the clock is set.',
  'job left out: its last run still goes on': 'The job {job} was left out: its last run still goes on.',
  'what a job came to could not be noted': 'What the job {job} came to could not be noted: {reason}.',
}

/** A line as a sentence, without its time. One that the table does not know is given as it is, with its fields. */
export function words(line: JournalLine, when: When = utc): string {
  const { msg, fields } = line
  const known = Object.hasOwn(sentences, msg) ? sentences[msg] : undefined
  if (typeof known === 'function') return known(line, when)
  if (known !== undefined) return fill(known, fields, when)
  return [plain(msg), allFields(fields)].filter(part => part !== '').join('  ')
}

/** What the sender of a message was told of it. */
const told: Readonly<Record<string, string>> = {
  failed: 'that it could not be delivered',
  delayed: 'that it is still on its way',
  delivered: 'that it has arrived',
  relayed: 'that it was handed on',
}

/** Mail that was taken: from whom, for whom, and how much. */
function accepted({ fields }: JournalLine): string {
  const { from, accounts, copies, queued, octets } = fields
  const sender = from === '' ? 'A report' : `Mail from ${plain(from)}`
  const local = Array.isArray(accounts) ? accounts.length : 0
  const more = Number(copies) - local
  const names = local === 0 ? counted(copies, 'mailbox', 'mailboxes') : plain(accounts)
  const inside = Number(copies) > 0 ? ` for ${names}${local > 0 && more > 0 ? ` and ${more} more` : ''}` : ''
  const outside = Number(queued) > 0 ? `, and goes out to ${counted(queued, 'recipient')}` : ''
  const size = octets === undefined ? '' : ` (${roundSize(Number(octets) || 0)})`
  return `${sender}${inside} was taken${outside}${size}.`
}

function counted(count: unknown, one: string, many = `${one}s`): string {
  return `${plain(count)} ${Number(count) === 1 ? one : many}`
}

function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
