/** Words for facts.json and out of manifest.json: board/root/usr/lib/porchlight/{files,facts,netfacts}.sh. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runShell } from './shell.ts'

const lastWords = [
  { name: 'nothing', words: '', json: null },
  { name: 'a sentence', words: 'The disk is full.', json: 'The disk is full.' },
  { name: 'two lines', words: 'one\ntwo', json: 'one two' },
  { name: 'quotes and backslashes', words: 'a "b" \\ c\\', json: 'a "b" \\ c\\' },
  { name: 'what a terminal would obey', words: '\u001b[2J\u0007a\u007fb', json: '[2Jab' },
  { name: 'no octets of another language', words: 'gr\u00fc\u00dfe', json: 'gre' },
  { name: 'quotes without end', words: '"'.repeat(5000), json: '"'.repeat(600) },
  { name: 'backslashes without end', words: '\\'.repeat(5000), json: '\\'.repeat(600) },
] as const

for (const { name, words, json } of lastWords) {
  test(`last words become JSON: ${name}`, () => {
    assert.equal(JSON.parse(runShell(['words', 'files', 'facts'], 'string "$1"', [words])), json)
  })
}

const manifest = JSON.stringify({
  name: 'porchlight',
  version: '0.2.0-rc.1',
  arch: 'arm64',
  built: 1790000000,
  schema: { reads: [1], writes: 1 },
  sha256: { 'root.sqs': 'c0ffee' },
})

for (const [form, text] of [
  ['in one line', manifest],
  ['in many', JSON.stringify(JSON.parse(manifest), null, 2)],
] as const) {
  test(`fields of a manifest ${form}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-manifest-'))
    try {
      const file = join(folder, 'manifest.json')
      writeFileSync(file, text)
      const script = 'for name in version arch built root.sqs absent; do echo "$name=$(field "$name" "$1")"; done'
      assert.equal(
        runShell(['files'], script, [file]),
        'version=0.2.0-rc.1\narch=arm64\nbuilt=1790000000\nroot.sqs=c0ffee\nabsent=',
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}

test('lines of words as a list of JSON', () => {
  assert.equal(runShell(['netfacts'], 'printf "a\\nb\\n" | list; echo; printf "" | list'), '"a","b"')
})
