/** Power cuts in the middle of updates: the board always starts, always with the old version or the new one, with all its mail. */
import { Random } from '../../crash/random.ts'
import { complain } from '../../crash/rounds.ts'
import { Disk } from './disk.ts'
import { comeIn, deliver, fetchAll, say, setUp } from './household.ts'
import { imagePath } from './image.ts'
import { type Kind, kinds } from './kinds.ts'
import { Machine, outside, until } from './machine.ts'
import { makeUpdate, Shop } from './updates.ts'

const shopPort = 8080
/** By turns: what runs is never what is installed. */
const versions = ['0.2.0', '0.3.0'] as const

/** Where an update is, by what is shown, so that each stage has its cuts; and ms behind it, at most. */
const moments = [
  [/Fetching it: \d0 %/, 4000],
  [/Checking it: \d0 %/, 4000],
  [/Writing it: \d0 %/, 8000],
  [/Reading it back: \d0 %/, 8000],
  [/Reading it back: 100 %/, 8000],
  [/is installed, and the box restarts/, 6000],
  [/Porchlight is starting\.\.\./, 12_000],
  ['Press Enter.', 4000],
] as const

/** Plays the cuts. @throws what was wrong, and after which cut */
export async function playUpdateCuts(kind: Kind, cuts: number, seed: number): Promise<void> {
  const { arch, card } = kinds[kind]
  const random = new Random(seed)
  await using disk = await Disk.copy(imagePath(arch), card)
  for (const version of versions) await makeUpdate(disk, disk.folder, arch, version)
  await using shop = await Shop.open(disk.folder)
  await using machine = await Machine.make({ kind, disk, given: new Map([[shopPort, shop.port]]), cached: true })
  await machine.on()
  await setUp(machine)
  await machine.listens()
  let letters = 0
  let running = '0.1.0'
  const tally = { old: 0, new: 0 }
  for (let cut = 1; cut <= cuts; cut++) {
    const said = await deliver(machine, 'alice', `Subject: before cut ${cut}\r\n\r\nx`)
    if (!said.startsWith('250')) complain([`mail was answered "${said}"`])
    letters += 1
    const next = versions.find(version => version !== running) ?? versions[0]
    const [moment, mostMs] = random.pick(moments)
    machine.type(`update http://${outside}:${shopPort}/porchlight-${next}-${arch}.update --yes\r`)
    await machine.shows(moment)
    await new Promise(resolve => setTimeout(resolve, random.below(mostMs)))
    await machine.cut()
    const fate = random.percent(30) ? 'nothing lost' : await machine.loseCache(random)
    await machine.on()
    await machine.listens()
    await comeIn(machine)
    const runs = /runs +version (\S+) /.exec(await say(machine, 'update'))?.[1] ?? 'nothing'
    if (runs !== running && runs !== next) complain([`version ${runs} runs, neither ${running} nor ${next}`])
    const { size } = await fetchAll(machine, 'alice')
    if (size !== letters) complain([`${size} letters are there instead of ${letters}`])
    tally[runs === next ? 'new' : 'old'] += 1
    console.log(
      `cut ${cut} behind ${moment}: ${fate}; ${runs} runs where ${running} was to become ${next}; ${size} letters`,
    )
    running = runs
    await until('no version is on trial', async () => !/on trial/.test(await say(machine, 'update')))
  }
  console.log(`${cuts} cuts: the old version ${tally.old} times, the new one ${tally.new} times`)
}
