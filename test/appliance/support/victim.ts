/** A machine of QEMU whose plug is pulled, as the rounds know it. */
import type { Random } from '../../crash/random.ts'
import type { Victim } from './cuts.ts'
import type { Kind } from './kinds.ts'
import { Machine, outside } from './machine.ts'

/** Where mail for the world goes from inside of the machine. */
const worldPort = 2525

export type Standing = { readonly board: Victim; readonly way: string; readonly machine: Machine }

/** Makes it. @param port of this computer that takes mail for the world */
export async function makeVictim(kind: Kind, port: number, random: Random): Promise<Standing> {
  const machine = await Machine.make({ kind, given: new Map([[worldPort, port]]), cached: true })
  const board: Victim = {
    port: door => machine.port(door),
    shows: wanted => machine.shows(wanted),
    type: keys => machine.type(keys),
    start: async () => {
      await machine.on()
      await machine.listens()
    },
    restart: async () => {
      machine.type('reboot --yes\r')
      await machine.ended(machine.endings.length + 1)
      await machine.listens()
    },
    cut: async () => {
      await machine.cut()
      // Now and then the card had brought everything home.
      return random.percent(30) ? 'nothing lost' : machine.loseCache(random)
    },
  }
  return { board, way: `${outside}:${worldPort}`, machine }
}
