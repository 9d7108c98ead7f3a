/** Looks for a word in senders and subjects, the newest messages first. */
import { budget } from '../base/budget.ts'
import type { Summary } from '../message/summary.ts'
import { refuse } from './command.ts'
import type { Reading } from './reader.ts'
import { listLine, summaryOf } from './reader-list.ts'
import { counted } from './shown.ts'

/** Messages read together, and messages after which it says how far it is. */
const atOnce = 50
const progressEvery = 1000

export async function search(word: string, reading: Reading): Promise<void> {
  const { dialogue, box } = reading
  const wanted = word.toLowerCase()
  if (wanted === '') refuse('Write the word to look for, for instance: search garden')
  const digits = String(box.newest).length
  let [looked, found] = [0, 0]
  for (let number = box.newest; number > 0; ) {
    const page = await box.page(number, atOnce)
    for (const message of page) {
      if (dialogue.signal.aborted) break
      const summary = await summaryOf(message, reading)
      looked += 1
      if (matches(summary, wanted)) {
        found += 1
        await dialogue.print(listLine(message, summary, digits, dialogue))
      }
      if (looked % progressEvery === 0) await dialogue.print(`... ${looked} looked at; Ctrl-C stops.`)
    }
    number = (page.at(-1)?.number ?? 1) - 1
    if (dialogue.signal.aborted || found >= budget.readerFound || looked >= budget.readerSearch) break
  }
  const more = found >= budget.readerFound ? '; there may be more' : ''
  await dialogue.print(`${found === 0 ? 'No message' : counted(found, 'message')} found, ${looked} looked at${more}.`)
}

function matches({ from, subject }: Summary, wanted: string): boolean {
  return [from?.name ?? '', from?.address ?? '', subject].some(text => text.toLowerCase().includes(wanted))
}
