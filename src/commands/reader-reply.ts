/** Answers a message: to whom, about what, and as a part of its thread (RFC 5322 §3.6.4). */
import { formatAddress, parseAddress } from '../message/address.ts'
import { readCorrespondents } from '../message/correspondents.ts'
import { bodyOf, type HeaderField, textOf } from '../message/header-fields.ts'
import { flags } from '../store/flags.ts'
import { refuse } from './command.ts'
import type { Reading } from './reader.ts'
import type { Numbered } from './reader-box.ts'
import { type Beginning, ownAddresses, writeLetter } from './reader-letter.ts'
import { headerOf } from './reader-message.ts'

/** Ids of a thread that are kept; letter.ts takes the first and the last ones. */
const mostIds = 100

/** @param all everybody who got it is answered, too */
export async function answer(message: Numbered, all: boolean, reading: Reading): Promise<void> {
  const fields = await headerOf(await reading.household().message(message.entry.seq))
  const beginning = answerTo(fields, all, ownAddresses(reading))
  if (beginning.to.length === 0)
    refuse(`Message ${message.number} does not say who has sent it. To write to somebody: compose`)
  if (await writeLetter(beginning, reading)) await reading.box.mark([message], { add: flags.answered | flags.seen })
}

/** @param own the addresses of the account: the answer comes from the one that the message went to, and goes to none of them */
export function answerTo(fields: readonly HeaderField[], all: boolean, own: readonly string[]): Beginning {
  const got = [...addressesIn(fields, 'to'), ...addressesIn(fields, 'cc')]
  const writers = addressesIn(fields, 'reply-to')
  const to = writers.length > 0 ? writers : addressesIn(fields, 'from')
  const isOwn = (address: string) => own.includes(address.toLowerCase())
  const others = all ? got.filter(address => !isOwn(address) && !to.includes(address)) : []
  const [inReplyTo] = idsIn(bodyOf(fields, 'message-id'))
  const thread = [
    ...idsIn(bodyOf(fields, 'references') || bodyOf(fields, 'in-reply-to')),
    ...(inReplyTo ? [inReplyTo] : []),
  ]
  return {
    from: got.find(isOwn)?.toLowerCase() ?? own[0] ?? '',
    to,
    cc: [...new Set(others)],
    subject: answeredSubject(textOf(fields, 'subject')),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    references: [...new Set(thread)].slice(-mostIds),
  }
}

/** Only what really is an address: the rest is for people to read. */
function addressesIn(fields: readonly HeaderField[], name: string): readonly string[] {
  return readCorrespondents(bodyOf(fields, name)).flatMap(({ address }) => {
    const parsed = parseAddress(address, { utf8: true })
    return parsed ? [formatAddress(parsed)] : []
  })
}

function idsIn(body: string): readonly string[] {
  return body.match(/<[!-;=?-~]+>/g) ?? []
}

function answeredSubject(subject: string): string {
  const rest = subject
    .replace(/\s+/g, ' ')
    .replace(/^(?:(?:re|aw|sv|antw)\s*(?:\[\d+\])?:\s*)+/i, '')
    .trim()
  return `Re: ${rest}`.trim()
}
