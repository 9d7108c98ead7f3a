/** Whether the server keeps within its memory. */
import { join } from 'node:path'
import { budget } from '../base/budget.ts'
import { memoryInUse } from '../base/memory.ts'
import { roundSize } from '../base/units.ts'
import { advice, type Symptom } from './finding.ts'
import type { Check, Visit } from './patient.ts'

export const memory: Check = {
  name: 'memory',
  meaning: 'whether Porchlight keeps within its memory',
  look: async visit => [await look(visit)],
}

/** What counts is memory that only this process has: pages of files the kernel takes back when it needs them. */
async function look({ throttle, root }: Visit): Promise<Symptom> {
  if (throttle === undefined) {
    const says = 'The server does not run, so its memory cannot be told.'
    return { state: 'unknown', says, knownBy: 'Nobody answers at the control socket.' }
  }
  const used = (await memoryInUse(join(root, 'proc/self/status')))?.anonymous
  if (used === undefined) {
    return {
      state: 'unknown',
      says: 'The system does not say how much memory is used.',
      knownBy: 'There is no /proc/self/status.',
    }
  }
  const knownBy = 'The kernel was asked for the memory that only this process has (/proc/self/status).'
  const says = `Porchlight uses ${roundSize(used)} of memory; ${roundSize(budget.memory)} are planned.`
  if (used <= budget.memory) return { state: 'well', says, knownBy }
  return {
    state: 'warning',
    says,
    knownBy,
    fix: advice('If it stays so, start it anew, which loses no mail:', 'porchlight restart'),
  }
}
