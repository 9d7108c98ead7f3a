/** The serial lines that exist: `ttys`, a path a line. A USB cable may come, and its line with it. */
import { budget } from '../base/budget.ts'

/** What is no path of a device is passed over. */
export function readTtys(text = ''): readonly string[] {
  const paths = text.split('\n').filter(line => /^\/dev\/[\w/-]{1,40}$/.test(line))
  return [...new Set(paths)].slice(0, budget.boardTtys)
}
