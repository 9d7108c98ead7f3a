/** Whether a message may be answered by a machine, and what the answer takes from it: RFC 3834 §2 and §3. */
import { budget } from '../base/budget.ts'
import { type Address, parseAddress } from './address.ts'
import { decodeWords } from './encoded-word.ts'
import { bodyText, fieldsOf, messageIdOf, saysAutomatic } from './fields.ts'
import { parseMailboxList } from './mailbox-list.ts'

/** Why nobody waits for an answer. */
type Objection =
  | 'automatic' // it was sent by a program, or asks for no answer
  | 'list' //      it came by a mailing list
  | 'bulk' //      it went to many, or is taken for spam
  | 'far' //       it came over so many hosts that something goes round

export type Question = {
  readonly objection: Objection | undefined
  /** Whom its header names as its recipients, the first `budget.correspondents` of them. */
  readonly named: readonly Address[]
  /** Decoded, in one line; '' when there is none. */
  readonly subject: string
  /** With its angle brackets; '' when there is none. */
  readonly messageId: string
  /** The messages that led to it, the last ones, with their angle brackets. */
  readonly references: readonly string[]
}

const naming = new Set(['to', 'cc', 'bcc', 'resent-to', 'resent-cc', 'resent-bcc'])
/** Stands for a domain that was not written: no address here has it. */
const nowhere = 'invalid'
/** References that an answer repeats: enough to keep a thread together. */
const mostReferences = 20

/** By the name of a field: what its body, in lower case, gives away. */
const signs: Readonly<Record<string, (body: string) => Objection | undefined>> = {
  'auto-submitted': body => (saysAutomatic(body) ? 'automatic' : undefined),
  // Exchange's own way to say so.
  'x-auto-response-suppress': body => (/\b(?:all|oof|autoreply)\b/.test(body) ? 'automatic' : undefined),
  'x-autoreply': () => 'automatic',
  'x-autorespond': () => 'automatic',
  'mailing-list': () => 'list',
  'x-mailing-list': () => 'list',
  'feedback-id': () => 'bulk',
  precedence: body => (/\b(?:bulk|list|junk|auto_reply)\b/.test(body) ? 'bulk' : undefined),
  'x-spam-flag': body => (/\byes\b/.test(body) ? 'bulk' : undefined),
}

/** @param header the section from its beginning, with CRLFs; it may end early */
export function readQuestion(header: Buffer): Question {
  let objection: Objection | undefined
  let [received, subject, messageId, parent] = [0, '', '', '']
  let references: readonly string[] = []
  const named: Address[] = []
  for (const field of fieldsOf(header)) {
    const { name } = field
    const body = bodyText(header, field)
    const sign = Object.hasOwn(signs, name) ? signs[name]?.(body.toLowerCase()) : undefined
    objection ??= sign ?? (name.startsWith('list-') ? 'list' : undefined)
    if (naming.has(name))
      named.push(...(parseMailboxList(body, { domain: nowhere }) ?? []).map(({ address }) => address))
    else if (name === 'received') received += 1
    else if (name === 'subject') subject ||= oneLine(decodeWords(body.replaceAll(/[\r\n]/g, '')))
    else if (name === 'message-id') messageId ||= messageIdOf(body)
    else if (name === 'references') references = idsIn(body)
    else if (name === 'in-reply-to') parent ||= messageIdOf(body)
  }
  if (received > budget.vacationHops) objection ??= 'far'
  // RFC 5322 §3.6.4: where there are no References, In-Reply-To takes their place.
  const before = references.length > 0 ? references : parent === '' ? [] : [parent]
  return {
    objection,
    named: named.slice(0, budget.correspondents),
    subject,
    messageId,
    references: before.slice(-mostReferences),
  }
}

/**
 * Whether nobody reads what is sent to a reverse-path: mailing lists, robots, and the postmasters in whose name mail is
 * forwarded (RFC 3834 §2).
 */
export function isMachine(reversePath: string): boolean {
  const address = parseAddress(reversePath, { utf8: true })
  return address === undefined || machine.test(address.localPart)
}

const machine = new RegExp(
  [
    '^(?:owner|request|bounces?)-',
    '[-+.=_](?:owner|request|bounces?)$',
    '^(?:.*[-+.=_])?bounces?[-+.=_]',
    '^(?:mailer-daemon|postmaster|listserv|majordomo|mailman|bounces?|abuse|daemon|nobody|root)$',
    '(?:^|[-+.=_])(?:no|not|dont|do-not|donot)[-_.]?reply(?:$|[-+.=_])',
  ].join('|'),
  'i',
)

function idsIn(body: string): readonly string[] {
  return Array.from(body.matchAll(/<[!-;=?-~]+>/g), ([id]) => id).filter(id => id.length <= budget.messageId)
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}]+/gu, ' ').trim()
}
