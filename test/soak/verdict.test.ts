/** The soak's verdict: what it lets pass, and each thing that it must not. And its picture. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { KB, MB } from '../bench/mail.ts'
import { plot } from './plot.ts'
import type { Sample } from './sample.ts'
import { faultsOf, figuresOf } from './verdict.ts'

const minutes = 3

/** Three minutes at a steady rate; the mailboxes are full from the third sample on. */
function soak(change: (sample: Sample, i: number) => Partial<Sample> = () => ({})): Sample[] {
  return Array.from({ length: 18 }, (_, i) => {
    const sample: Sample = {
      seconds: 10 * (i + 1),
      full: i >= 2,
      messages: 3500 * (i + 1),
      received: 70 * MB * (i + 1),
      written: 210 * MB * (i + 1),
      live: 110 * MB,
      disk: 165 * MB,
      files: 80,
      descriptors: 40,
      rss: 150 * MB,
      // The collector's ups and downs.
      anonymous: (40 + 15 * (i % 2)) * MB,
      p99Ms: 5,
      maxMs: 60,
      answerMaxMs: 250,
      acceptP99Ms: 50,
      acceptMaxMs: 300,
    }
    return { ...sample, ...change(sample, i) }
  })
}

function faults(change?: (sample: Sample, i: number) => Partial<Sample>): string[] {
  return faultsOf(figuresOf(soak(change)), minutes)
}

describe('a soak', () => {
  test('passes when everything keeps to its bounds', () => {
    assert.deepEqual(faults(), [])
  })

  test('is told by what came after the mailboxes were full', () => {
    const figures = figuresOf(soak(({ full }) => (full ? {} : { disk: 900 * MB, maxMs: 900 })))
    assert.deepEqual(faultsOf(figures, minutes), [])
    assert.equal(figures?.disk.max, 1.5)
    assert.equal(figures?.writtenPerOctet, 3)
    assert.equal(figures?.messagesPerSecond, 350)
    assert.equal(figures?.turnovers.toFixed(2), '9.55')
  })

  const bad: { name: string; fault: RegExp; change: (sample: Sample, i: number) => Partial<Sample> }[] = [
    {
      name: 'one sample with too much in memory',
      fault: /reached 111 MB/,
      change: (_, i) => (i === 9 ? { anonymous: 111 * MB } : {}),
    },
    {
      name: 'one sample with too much on disk',
      fault: /1\.80 times/,
      change: (_, i) => (i === 9 ? { disk: 198 * MB } : {}),
    },
    {
      name: 'a sweep that writes too much',
      fault: /received 3\.50 were written/,
      change: (_, i) => ({ written: 245 * MB * i }),
    },
    { name: 'one long stall', fault: /101 ms/, change: (_, i) => (i === 17 ? { maxMs: 101 } : {}) },
    {
      name: 'memory that climbs through the ups and downs',
      fault: /Memory grew by/,
      change: ({ anonymous }, i) => ({ anonymous: anonymous - 40 * MB + 5.5 * i * MB }),
    },
    {
      name: 'memory that climbs slowly and evenly',
      fault: /Memory grew by 5\.6 MB/,
      change: (_, i) => ({ anonymous: 40 * MB + 800 * KB * i }),
    },
    {
      name: 'hardly any mail',
      fault: /replaced 1\.0 times/,
      change: (_, i) => ({ received: 7 * MB * i, written: 21 * MB * i }),
    },
    { name: 'mailboxes that never filled', fault: /did not fill/, change: () => ({ full: false }) },
  ]
  for (const { name, fault, change } of bad) {
    test(`fails on ${name}`, () => {
      const found = faults(change)
      assert.equal(found.length, 1, found.join(' '))
      assert.match(found[0] ?? '', fault)
    })
  }
})

test('the picture has a point for every sample on every line', () => {
  const samples = soak()
  const lines = [...plot(samples, 'a soak').matchAll(/points="([^"]*)"/g)].map(([, points = '']) => points.split(' '))
  assert.equal(lines.length, 13)
  for (const points of lines) {
    assert.equal(points.length, samples.length)
    for (const point of points) assert.match(point, /^\d+\.\d,\d+\.\d$/)
  }
})
