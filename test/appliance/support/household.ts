/** What a household does with its box: the first set-up at the line, commands, letters in and out. */
import { setTimeout } from 'node:timers/promises'
import { command, type Exchange, prompt } from '../../clients/box.ts'
import { Dialogue, openMaildrop } from '../../support/dialogue.ts'
import type { Machine } from './machine.ts'

/** Somebody at a line. */
type Person = { shows(wanted: string | RegExp): Promise<string>; type(keys: string): void }

export const domain = 'home.example'
export const secrets = { alice: 'Kapuziner 9', bob: 'correct horse' } as const
export type Name = keyof typeof secrets

/** After which nothing will come any more, however slow the board. */
const greetingMs = 10_000

const choice = /Number \[\d\]: /

/** What is asked in each step of the set-up, by its title, and what is answered. Where none is here, Enter will do. */
const answers: Readonly<Record<string, readonly Exchange[]>> = {
  'Date and time': [[choice, '']],
  'Time zone': [[/Time zone \[.*\]: /, 'berlin']],
  'Name of the box': [[/Name \[.*\]: /, `mail.${domain}`]],
  Domains: [[/Domains \[.*\]: /, domain]],
  Account: [
    ['Name, for instance alice: ', 'alice'],
    ['Password: ', secrets.alice],
    ['The same again: ', secrets.alice],
  ],
  'How mail comes in': [[choice, '1']],
  'How mail goes out': [[choice, '2']],
  'A letter as a trial': [[/leave it out: /, '']],
  'Phones and computers': [[choice, '1']],
  Certificate: [[choice, '1']],
  'Password of the console': [['Password of the console: ', 'none']],
}

const next = /Step \d+ of \d+: [^\r\n]+\r\n|--More--|Restart Porchlight now \[?.*?\]?:? |The box is set up\./

/** Presses Enter at a new box, and answers what it asks, to its prompt. */
export async function setUp(person: Person): Promise<void> {
  await person.shows('Press Enter.')
  person.type('\r')
  for (;;) {
    const shown = await person.shows(next)
    const [, title] = /Step \d+ of \d+: ([^\r\n]+)\r\n$/.exec(shown) ?? []
    if (shown.endsWith('--More--')) person.type(' ')
    else if (shown.endsWith('set up.')) break
    else if (title === undefined) person.type('yes\r')
    else if (title !== 'What is left to do') await answer(person, answers[title] ?? [[/: $/, '']])
  }
  await person.shows(prompt)
}

/** Answers one question after the other. */
export async function answer(person: Person, exchanges: readonly Exchange[]): Promise<void> {
  for (const [wanted, typed] of exchanges) {
    await person.shows(wanted)
    person.type(`${typed}\r`)
  }
}

/** Presses Enter at a box that has been set up, to its prompt. */
export async function comeIn(person: Person): Promise<void> {
  await person.shows('Press Enter.')
  person.type('\r')
  await person.shows(prompt)
}

/** Types a command at the prompt. @returns what was shown until the next one */
export function say(person: Person, line: string): Promise<string> {
  return command(person, line)
}

/** Makes an account at the prompt. */
export async function addUser(person: Person, name: string, password: string): Promise<void> {
  person.type(`user add ${name}\r`)
  await answer(person, [
    ['New password: ', password],
    ['The same again: ', password],
  ])
  await person.shows(/is ready[^\r]*\r\n[\s\S]*porchlight> /)
}

/** Who writes from the world; what others send is news about the box. */
const stranger = 'joe@away.example'

/** Has mail for somebody brought by a host of the world, with STARTTLS. @returns the answer to it */
export async function deliver(machine: Machine, to: string, text: string): Promise<string> {
  using smtp = await greeted(machine)
  await smtp.say('EHLO away.example')
  await smtp.say('STARTTLS')
  await smtp.secure()
  let said = ''
  for (const line of [
    'EHLO away.example',
    `MAIL FROM:<${stranger}>`,
    `RCPT TO:<${to}@${domain}>`,
    'DATA',
    `${text}\r\n.`,
  ]) {
    said = await smtp.say(line)
    if (!/^[23]/.test(said)) break
  }
  return said
}

/** QEMU listens with room for one: of several who come at once some are never handed on, and hear nothing. They come again. */
async function greeted(machine: Machine): Promise<Dialogue> {
  for (;;) {
    const smtp = await Dialogue.open(machine.port('smtp'))
    const late = new AbortController()
    const said = await Promise.race([
      smtp.answer(),
      setTimeout(greetingMs, 'late', { signal: late.signal }).catch(() => ''),
    ])
    late.abort()
    if (said.startsWith('220')) return smtp
    smtp[Symbol.dispose]()
    if (said !== 'late') throw new Error(`Port 25 said "${said}".`)
  }
}

/** Hands in mail with a login, for wherever. @returns the answer to it */
export async function handIn(machine: Machine, name: Name, to: string, text: string): Promise<string> {
  using smtp = await Dialogue.open(machine.port('submissions'), { tls: true })
  await smtp.answer()
  await smtp.say('EHLO laptop.home.example')
  const login = Buffer.from(`\0${name}\0${secrets[name]}`).toString('base64')
  let said = ''
  for (const line of [
    `AUTH PLAIN ${login}`,
    `MAIL FROM:<${name}@${domain}>`,
    `RCPT TO:<${to}>`,
    'DATA',
    `${text}\r\n.`,
  ]) {
    said = await smtp.say(line)
    if (!/^[23]/.test(said)) break
  }
  return said
}

/** Everything in a mailbox that can be read: what each message is, by its UIDL. */
export async function fetchAll(machine: Machine, name: Name): Promise<ReadonlyMap<string, string>> {
  using pop3 = await openMaildrop(machine.port('pop3s'), name, secrets[name])
  const listed = await pop3.say('UIDL')
  if (!listed.startsWith('+OK')) throw new Error(listed)
  const mail = new Map<string, string>()
  for (const row of (await pop3.body()).split('\r\n').slice(0, -1)) {
    const [number, uidl = ''] = row.split(' ')
    const said = await pop3.say(`RETR ${number}`)
    // One that is damaged is told from one that is there; the others are read all the same.
    if (said.startsWith('+OK')) mail.set(uidl, await pop3.body())
    else if (!said.includes('damaged')) throw new Error(said)
  }
  await pop3.say('QUIT')
  return mail
}

/** Of a mailbox, what came from the world. */
export async function fetchLetters(machine: Machine, name: Name): Promise<ReadonlyMap<string, string>> {
  const mail = await fetchAll(machine, name)
  return new Map([...mail].filter(([, text]) => text.startsWith(`Return-Path: <${stranger}>`)))
}
