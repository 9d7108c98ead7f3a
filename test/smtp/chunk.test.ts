import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseChunk } from '../../src/smtp/chunk.ts'
import { reply } from '../../src/smtp/reply.ts'

const refusal = reply.expected('BDAT and a number of octets, then LAST or nothing')

const cases = [
  { argument: '0', chunk: { octets: 0, last: false } },
  { argument: '86', chunk: { octets: 86, last: false } },
  { argument: '0 LAST', chunk: { octets: 0, last: true } },
  { argument: '007  last', chunk: { octets: 7, last: true } },
  { argument: '999999999999999', chunk: { octets: 999_999_999_999_999, last: false } },
  { argument: '5 FIRST', chunk: { octets: 5, last: false, refusal } },
  { argument: '5 LAST 5', chunk: { octets: 5, last: false, refusal } },
  { argument: '', chunk: refusal },
  { argument: 'LAST', chunk: refusal },
  { argument: '-1', chunk: refusal },
  { argument: '0x10', chunk: refusal },
  { argument: '10LAST', chunk: refusal },
  { argument: '1'.repeat(16), chunk: refusal },
]

describe('the argument of BDAT', () => {
  for (const { argument, chunk } of cases) {
    test(`${JSON.stringify(argument)} says ${JSON.stringify(chunk)}`, () =>
      assert.deepEqual(parseChunk(argument), chunk))
  }
})
