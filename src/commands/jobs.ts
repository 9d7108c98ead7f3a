/** The commands for what the box does by itself at fixed times: jobs, jobs run. */
import { formatDuration } from '../base/units.ts'
import { columns, harmless } from '../base/words.ts'
import type { JobRun, JobState, Jobs } from '../doctor/job.ts'
import { type Call, type Command, type Context, type Household, type Lines, places, refuse } from './command.ts'
import { moment } from './shown.ts'

export const working: readonly Command[] = [
  {
    name: 'jobs',
    operands: '',
    options: [...places],
    group: 'Server',
    summary: 'Show what the box does by itself, and when',
    details: ['Each with its last run and what it came to, and with its next one.'],
    examples: [],
    runs: 'inside',
    password: false,
    run: listJobs,
  },
  {
    name: 'jobs run',
    operands: 'JOB',
    options: [...places],
    group: 'Server',
    summary: 'Do a job now',
    details: ['It is waited for; Ctrl-C stops it. The next time stays as it is.'],
    examples: ['porchlight jobs run verify'],
    runs: 'inside',
    password: false,
    aside: true,
    run: runJob,
  },
]

async function listJobs(_call: Call, { household, width }: Context): Promise<Lines> {
  const all = jobsOf(household).list()
  const titles = ['JOB', 'NEXT', 'WHAT IT DOES, AND HOW IT WENT']
  return columns([titles, ...all.flatMap(job => rowsOf(job))], width)
}

function rowsOf(job: JobState): readonly Lines[] {
  const { name, meaning, next } = job
  return [
    [name, moment(next), meaning],
    ['', '', lastWords(job)],
  ]
}

function lastWords({ running, last }: JobState): string {
  if (running) return 'It is running now.'
  return last === undefined ? 'It did not run yet.' : runWords(last)
}

function runWords({ date, ms, result, failed }: JobRun): string {
  const took = ms < 1000 ? '' : `, in ${formatDuration(Math.round(ms / 1000) * 1000)}`
  return `Last ${moment(date)}${took}: ${failed ? 'it has failed. ' : ''}${harmless(result)}`
}

async function runJob({ operands: [name = ''] }: Call, { household, signal, print }: Context): Promise<Lines> {
  const jobs = jobsOf(household)
  const idle = jobs.list().some(job => job.name === name && !job.running)
  if (idle) await print(`The job ${name} is under way. Ctrl-C stops it.`)
  return [harmless(await jobs.run(name, signal))]
}

function jobsOf({ jobs }: Household): Jobs {
  return jobs ?? refuse('Porchlight does not run here, so it does nothing by itself. Start it first: porchlight serve')
}
