/** GRUB's block of variables. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environment } from '../../scripts/image/environment.ts'

test("GRUB's block has a head, lines, and 1,024 octets; the values lie in the first sector", () => {
  const text = environment({ slot: 'a', trial: '', from: '', version: '12345.12345.12345-abcdefghij', fallback: '' })
  assert.match(
    text,
    /^# GRUB Environment Block\nslot=a\ntrial=\nfrom=\nversion=12345\.12345\.12345-abcdefghij\nfallback=\n#+$/,
  )
  assert.equal(text.length, 1024)
  assert.ok(text.indexOf('\n#', 1) < 512)
  assert.throws(() => environment({ version: 'x'.repeat(1024) }), /do not fit/)
})
