/** Which slot starts, and the count of a trial: board/root/usr/lib/porchlight/choice.sh on plain files, cut at every step. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Files, FirstPartition } from './shell.ts'

const a = '[all]\nboot_partition=2\n'
const b = '[all]\nboot_partition=3\n'

/** What the firmware would start. */
function chosen(files: Files): 'a' | 'b' {
  return files['autoboot.txt'] === b ? 'b' : 'a'
}

/** One start: the firmware's choice, then what the initramfs does, which may be to start again. */
function start(partition: FirstPartition): { readonly slot: 'a' | 'b'; readonly verdict: string } {
  const slot = chosen(partition.files)
  const verdict = partition.run('verdict=go; counts_here && count_start "$1"; printf %s "$verdict"', slot)
  return { slot, verdict }
}

/** Kills the shell before the n-th thing that changes the card, as a cut would. Counted in a file: a pipe has shells of its own. */
const cutting = `
  counter="$SELECT_FOLDER/steps.new"
  echo "$1" >"$counter"
  step() {
    read -r steps <"$counter"
    [ "$steps" -gt 0 ] || { kill -KILL $$; exit; }
    echo $((steps - 1)) >"$counter"
  }
  dd() { step; command dd "$@"; }
  mv() { step; command mv "$@"; }
  rm() { step; command rm "$@"; }
`

for (const [content, slot] of [
  [a, 'a'],
  [b, 'b'],
  ['[all]\r\nboot_partition=3\r\n', 'b'],
  ['[all]\nboot_partition=4\n', ''],
  ['', ''],
] as const) {
  test(`the choice is read where no firmware tells: ${JSON.stringify(content)}`, () => {
    using partition = new FirstPartition({ 'autoboot.txt': content })
    assert.equal(partition.run('read_choice'), slot)
  })
}

test('three starts of a version that is never well, then the old one, which can tell', () => {
  using partition = new FirstPartition({ 'autoboot.txt': a })
  partition.run('choose_on_trial b 0.2.0')
  assert.deepEqual(partition.files, { 'autoboot.txt': b, trial: '3 a b 0.2.0\n' })
  for (const left of [2, 1, 0]) {
    assert.deepEqual(start(partition), { slot: 'b', verdict: 'go' })
    assert.equal(partition.files.trial, `${left} a b 0.2.0\n`)
  }
  assert.deepEqual(start(partition), { slot: 'b', verdict: 'gave-up' })
  assert.deepEqual(start(partition), { slot: 'a', verdict: 'go' })
  assert.deepEqual(partition.files, { 'autoboot.txt': a, fallback: '0.2.0\n' })
})

test('a version that is well stays', () => {
  using partition = new FirstPartition({ 'autoboot.txt': a, fallback: '0.1.9\n' })
  partition.run('choose_on_trial b 0.2.0')
  start(partition)
  partition.run('end_trial')
  for (let starts = 0; starts < 5; starts++) assert.deepEqual(start(partition), { slot: 'b', verdict: 'go' })
  assert.deepEqual(partition.files, { 'autoboot.txt': b })
})

test('a way back that cannot be written is no success: the start stops with words instead of going round', () => {
  using partition = new FirstPartition({ 'autoboot.txt': b, trial: '0 a b 0.2.0\n' })
  assert.equal(partition.run('dd() { return 1; }; count_start b; echo "$? $verdict"'), '1 gave-up')
  assert.deepEqual(partition.files, { 'autoboot.txt': b, trial: '0 a b 0.2.0\n' })
})

test('a choice for good ends a trial', () => {
  using partition = new FirstPartition({ 'autoboot.txt': a })
  partition.run('choose_on_trial b 0.2.0; choose_for_good a')
  assert.deepEqual(start(partition), { slot: 'a', verdict: 'go' })
  assert.deepEqual(partition.files, { 'autoboot.txt': a })
})

for (let steps = 0; steps <= 8; steps++) {
  test(`cut after ${steps} steps of a choice: the old version, or the new one on trial`, () => {
    using partition = new FirstPartition({ 'autoboot.txt': a })
    partition.run(`${cutting} choose_on_trial b 0.2.0`, String(steps))
    const { slot, verdict } = start(partition)
    assert.equal(verdict, 'go')
    assert.deepEqual(
      partition.files,
      slot === 'b' ? { 'autoboot.txt': b, trial: '2 a b 0.2.0\n' } : { 'autoboot.txt': a },
    )
  })

  test(`cut after ${steps} steps of giving up: the old version in the end, and it can tell`, () => {
    using partition = new FirstPartition({ 'autoboot.txt': b, trial: '0 a b 0.2.0\n' })
    partition.run(`${cutting} count_start b`, String(steps))
    for (let starts = 0; starts < 3; starts++) start(partition)
    assert.deepEqual(partition.files, { 'autoboot.txt': a, fallback: '0.2.0\n' })
  })

  test(`cut after ${steps} steps of counting: the count is the old or the new one`, () => {
    using partition = new FirstPartition({ 'autoboot.txt': b, trial: '2 a b 0.2.0\n' })
    partition.run(`${cutting} count_start b`, String(steps))
    assert.match(partition.files.trial ?? '', /^[12] a b 0\.2\.0\n$/)
  })
}

const torn = [
  '',
  '\n',
  '3',
  '3 a b',
  '4 a b 0.2.0',
  '-1 a b 0.2.0',
  'x a b 0.2.0',
  '3 a c 0.2.0',
  '3 a b $(id)',
  '\0\0\0',
  '3 a b 0.2.0 x',
]
for (const trial of torn) {
  test(`what is no trial is swept away: ${JSON.stringify(trial)}`, () => {
    using partition = new FirstPartition({ 'autoboot.txt': b, trial })
    assert.deepEqual(start(partition), { slot: 'b', verdict: 'go' })
    assert.deepEqual(partition.files, { 'autoboot.txt': b })
  })
}

const head = '# GRUB Environment Block\n'
test("GRUB's block keeps its 1024 octets, its order and what was not changed", () => {
  using partition = new FirstPartition({ block: `${head}slot=a\nfallback=0.1.9\n`.padEnd(1024, '#') })
  partition.run('environment=block; choose_on_trial b 0.2.0')
  assert.equal(partition.files.block, `${head}slot=b\ntrial=3\nfrom=a\nversion=0.2.0\nfallback=\n`.padEnd(1024, '#'))
  const trial = partition.run('environment=block; read_trial; echo "$left $from $to $version"')
  assert.equal(trial, '3 a b 0.2.0')
  partition.run('environment=block; end_trial')
  assert.equal(partition.files.block, `${head}slot=b\ntrial=\nfrom=\nversion=\nfallback=\n`.padEnd(1024, '#'))
})

test("GRUB's block that was lost is written anew", () => {
  using partition = new FirstPartition({})
  assert.equal(
    partition.run(
      'mkdir -p "$select_folder/EFI/BOOT"; has_grub && choose_for_good b; grub_get slot; rm -r "$select_folder/EFI"',
    ),
    'b',
  )
})
