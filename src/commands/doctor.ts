/** The command doctor: examines everything and says what it has found, what needs a person first. */
import { Failure } from '../base/failure.ts'
import { wrap } from '../base/words.ts'
import { summary } from '../doctor/digest.ts'
import { chosenChecks, examine } from '../doctor/examine.ts'
import { type Finding, type State, sorted, states } from '../doctor/finding.ts'
import { type Call, type Command, type Context, type Lines, places } from './command.ts'

/** Characters of a line at most: sentences that are longer are hard to read. */
const plainWidth = 80

export const doctoring: readonly Command[] = [
  {
    name: 'doctor',
    operands: '[CHECK…]',
    options: [...places],
    group: 'Server',
    summary: 'Examine everything and say what to do',
    details: [
      'The records of the DNS, port 25 in and out, the smarthost, the certificate, the clock, the disk, the queue and more. Each finding says how it is known, and what to do where something is wrong; what cannot be told is said, too. CHECK is one of those that it names; without one all are made. A few hosts elsewhere are called for it, and nothing is sent. The exit code is 1 when something needs you.',
    ],
    examples: ['porchlight doctor', 'porchlight doctor mx spf dkim'],
    runs: 'inside',
    password: false,
    aside: true,
    run: consult,
  },
]

const headings: Readonly<Record<State, string>> = {
  trouble: 'This needs you:',
  warning: 'Good to know:',
  unknown: 'This cannot be told:',
  well: 'This is well:',
}

async function consult({ operands }: Call, { household, print, signal, width: shown }: Context): Promise<Lines> {
  const chosen = chosenChecks(operands)
  const width = Math.min(shown, plainWidth)
  let done = 0
  const findings = await examine(
    household.patient,
    {
      signal,
      found: async ({ name, meaning }) => {
        done += 1
        if (chosen.length > 1) await print(`${done} of ${chosen.length}: ${name}, ${meaning}`)
      },
    },
    chosen,
  )
  if (chosen.length > 1) await print('')
  for (const line of report(findings, width)) await print(line)
  if (findings.some(({ state }) => state === 'trouble')) throw new Failure('REFUSED', summary(findings))
  return [summary(findings)]
}

/** What was found, wrapped for a screen; lines to be copied stay whole. */
function report(findings: readonly Finding[], width: number): Lines {
  return states.flatMap(state => {
    const some = sorted(findings).filter(finding => finding.state === state)
    if (some.length === 0) return []
    return [
      headings[state],
      '',
      ...some.flatMap(finding => described(finding, width)),
      ...(state === 'well' ? [''] : []),
    ]
  })
}

function described({ check, state, says, knownBy, fix }: Finding, width: number): Lines {
  const inner = (text: string) => wrap(text, width, '    ')
  const head = wrap(`${check}: ${says}`, width, '  ')
  if (state === 'well') return head
  const advice = (fix?.split('\n') ?? []).flatMap(line => (line.startsWith('  ') ? [`    ${line}`] : inner(line)))
  return [...head, ...advice, ...inner(`(${knownBy})`), '']
}
