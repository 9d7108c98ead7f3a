/** The command setup: leads through what a new box has to be told, a step at a time; what is answered holds at once. */
import { Failure } from '../base/failure.ts'
import { type Call, type Command, type Context, type Household, type Lines, places } from './command.ts'
import { certificateStep, programsStep } from './setup-doors.ts'
import { endStep } from './setup-end.ts'
import { Guide, type Step, type Way } from './setup-guide.ts'
import { arrivalStep, leavingStep } from './setup-mail.ts'
import { nameSteps } from './setup-names.ts'
import { networkStep } from './setup-network.ts'
import { accountStep, consoleStep } from './setup-people.ts'
import { markStep, stepOf } from './setup-state.ts'
import { timeSteps } from './setup-time.ts'
import { trialStep } from './setup-trial.ts'

export const settingUp: readonly Command[] = [
  {
    name: 'setup',
    operands: '',
    options: [...places],
    group: 'Settings',
    summary: 'Be led through what a new box has to be told',
    details: [
      'Each step is explained, and shows what holds at present: Enter keeps it, back goes to the step before, Ctrl-C leaves, and it goes on there next time. It can be run again at any time.',
    ],
    examples: [],
    runs: 'inside',
    password: false,
    aside: true,
    talks: true,
    run: setUp,
  },
]

const everywhere: readonly Step[] = [
  ...timeSteps,
  ...nameSteps,
  accountStep,
  arrivalStep,
  leavingStep,
  trialStep,
  programsStep,
  certificateStep,
  consoleStep,
  endStep,
]

/** Elsewhere the network is the business of the machine that Porchlight was put on. */
function stepsOf({ board }: Pick<Household, 'board'>): readonly Step[] {
  return board ? [networkStep, ...everywhere] : everywhere
}

async function setUp(call: Call, context: Context): Promise<Lines> {
  const { dialogue } = context
  if (!dialogue) throw new Failure('USAGE', 'setup needs a terminal.')
  const guide = new Guide(call, context, dialogue)
  try {
    await walk(guide)
    return []
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'GIVEN_UP') throw error
    return ['The set-up is left. What was answered holds; to go on here: porchlight setup']
  }
}

async function walk(guide: Guide): Promise<void> {
  const steps = stepsOf(guide.household)
  const begun = steps.findIndex(({ name }) => name === stepOf(guide.household.settings))
  await guide.say(
    begun > 0 ? 'The set-up goes on where it was left.' : 'This sets the box up, in a few steps.',
    guide.rules,
  )
  for (let at = Math.max(0, begun); at < steps.length; ) {
    const step = steps[at]
    if (!step) return
    const way = await take(step, `Step ${at + 1} of ${steps.length}`, guide)
    if (way === 'back' && at === 0) await guide.say('This is the first step.')
    if (way === 'back') at = Math.max(0, at - 1)
    if (way === 'on') at += 1
  }
}

/** Goes through one step, until it is answered so that it can be done. */
async function take(step: Step, place: string, guide: Guide): Promise<Way> {
  await markStep(guide.household.settings, step.name)
  await guide.say('', `${place}: ${step.title}`, ...step.explain(guide))
  for (;;) {
    // Where it cannot be read, no answer would put it right.
    await guide.look()
    const { answered } = guide
    try {
      const way = await step.run(guide)
      if (way !== 'again') return way
    } catch (error) {
      // What goes wrong before anything is answered would go wrong for ever.
      if (!(error instanceof Failure) || error.code === 'GIVEN_UP' || guide.answered === answered) throw error
      await guide.say(...error.message.split('\n'))
    }
  }
}
