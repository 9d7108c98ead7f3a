/** Which of two versions is the newer one. */

/** @returns below 0 when `a` is older than `b`, above 0 when it is newer, 0 when they are the same */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)]
  for (const [i, number] of left.numbers.entries()) {
    const difference = number - (right.numbers[i] ?? 0)
    if (difference !== 0) return difference
  }
  if (left.trial === right.trial) return 0
  // 1.0.0-rc.1 comes before 1.0.0.
  if (left.trial === '' || right.trial === '') return left.trial === '' ? 1 : -1
  return left.trial.localeCompare(right.trial, 'en', { numeric: true })
}

function partsOf(version: string): { readonly numbers: readonly number[]; readonly trial: string } {
  const [numbers = '', ...trial] = version.split('-')
  return { numbers: numbers.split('.').map(Number), trial: trial.join('-') }
}
