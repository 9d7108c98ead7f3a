/** What was handed in to be sent on, and what must have become of it: taken by its host or come back, and nothing lost. */
import { type Arrival, bodyDigest } from './mailhost.ts'
import { Doubtful } from './model.ts'
import { makeBody, type Random } from './random.ts'

/** A message. Its Message-ID tells which. */
export type Letter = {
  readonly token: string
  readonly to: readonly string[]
  /** Header section and body. */
  readonly octets: Buffer
  readonly digest: string
  /** Whether the server has it. */
  readonly kept: Doubtful<boolean>
}

/** A report of failure that came back. */
export type Bounce = { readonly token: string; readonly recipients: readonly string[] }

/** What lies in the sender's mailbox: reports of failure, and messages to the sender itself. */
export type Inbox = { readonly bounces: readonly Bounce[]; readonly copies: readonly string[] }

export type Tally = { readonly arrived: number; readonly bounced: number; readonly again: number }

export const sender = 'alice'
/** It lives here: what is for it goes nowhere else. */
export const senderAddress = `${sender}@home.example`

export class Postbag {
  readonly letters: Letter[] = []

  /** Makes a message that nothing of has been sent yet. */
  compose(random: Random, to: readonly string[], body = makeBody(random)): Letter {
    const token = `m${this.letters.length}`
    const fields = [`From: <${senderAddress}>`, `To: ${to.join(', ')}`, `Message-ID: <${token}@home.example>`]
    const octets = Buffer.concat([Buffer.from(`${fields.join('\r\n')}\r\nSubject: ${token}\r\n\r\n`), body])
    const digest = bodyDigest(octets.toString('latin1'))
    const letter = { token, to, octets, digest, kept: new Doubtful(false) }
    this.letters.push(letter)
    return letter
  }

  /**
   * Judges what has become of everything, once nothing waits any more.
   * @param arrivals in their order
   * @returns what is wrong, and how much arrived, came back, and arrived once more in the one moment when that may be
   */
  judge(
    arrivals: readonly Arrival[],
    { bounces, copies }: Inbox,
  ): { readonly faults: string[]; readonly tally: Tally } {
    const faults = arrivals.flatMap(arrival => this.#strange(arrival))
    const tokens = new Set(this.letters.map(({ token }) => token))
    const unsent = [...bounces.map(({ token }) => token), ...copies].filter(token => !tokens.has(token))
    faults.push(...unsent.map(token => `"${token}" is in the sender's mailbox, and nobody sent it`))
    const tally = { arrived: 0, bounced: 0, again: 0 }
    for (const { token, to, kept } of this.letters) {
      const here = copies.filter(copy => copy === token).length
      const due = kept.now && to.includes(senderAddress) ? 1 : 0
      if (here > due || (here < due && !kept.inDoubt)) faults.push(`${token} is ${here} times in the sender's mailbox`)
      for (const path of to.filter(path => path !== senderAddress)) {
        const taken = arrivals.filter(one => one.token === token && one.recipients.includes(path))
        const back = bounces.filter(one => one.token === token && one.recipients.includes(path)).length
        const sign = `${token} for ${path}`
        if (kept.now && !kept.inDoubt && taken.length + back === 0) faults.push(`${sign} is lost`)
        if (back > 1) faults.push(`${sign} came back ${back} times`)
        // Its return was written down together with the last attempt; of its arrivals the last one was.
        const repeated = back > 0 ? taken : taken.slice(0, -1)
        const wrong = repeated.filter(({ certain, cut }) => certain || !cut)
        if (wrong.length > 0) faults.push(`${sign} was sent again after its outcome was written down, or with no need`)
        tally.arrived += Math.min(taken.length, 1)
        tally.bounced += back
        tally.again += repeated.length
      }
    }
    return { faults, tally }
  }

  #strange({ token, recipients, digest }: Arrival): string[] {
    const letter = this.letters.find(one => one.token === token)
    if (!letter) return [`a message "${token}" arrived that nobody sent`]
    if (!letter.kept.now) return [`${token} arrived, though its end was never sent`]
    if (letter.digest !== digest) return [`${token} did not arrive as it was sent`]
    const others = recipients.filter(path => !letter.to.includes(path))
    return others.map(path => `${token} arrived for ${path}, to whom nobody sent it`)
  }
}

/** @param messages of the sender's mailbox, as POP3 shows them */
export function readInbox(messages: readonly string[]): Inbox {
  const isReport = (message: string) => /^Content-Type: multipart\/report/im.test(message)
  return {
    bounces: messages.filter(isReport).map(readBounce),
    copies: messages.filter(message => !isReport(message)).map(tokenOf),
  }
}

function tokenOf(message: string): string {
  return /<(m\d+)@home\.example>/.exec(message)?.[1] ?? ''
}

function readBounce(message: string): Bounce {
  const failed = message.split(/\r\n(?=Final-Recipient: )/).filter(part => /^Action: failed\r$/m.test(part))
  return {
    token: tokenOf(message),
    recipients: failed.map(part => /^Final-Recipient: [\w-]+; *(\S+)/.exec(part)?.[1] ?? ''),
  }
}
