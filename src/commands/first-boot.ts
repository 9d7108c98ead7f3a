/**
 * The table [setup] of the configuration file, for those who set the box up without a console: an account and passwords for
 * the first start. It is carried out once and taken out of the file again, with the passwords in it. And the way back in for
 * whoever has lost the password of the console: a file beside the configuration, or in the data directory, that asks for it.
 */
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hashPassword, passwordProblem } from '../auth/password.ts'
import { firstBootTable } from '../base/config.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { accountName, accountRule } from '../base/name.ts'
import { isTable } from '../base/setting.ts'
import { readToml } from '../base/toml.ts'
import { remark, removeKey, removeTable } from '../base/toml-edit.ts'
import type { Household } from './command.ts'
import { backupPath } from './configuration.ts'
import { passwordSetting } from './passwd.ts'
import { type Places, readConfigText } from './places.ts'
import { prepareReplacement, removeFile, replaceFile } from './replace.ts'
import { markSetUp } from './setup-state.ts'
import { newName } from './users.ts'

type Home = Pick<Household, 'accounts' | 'settings'>
type File = Pick<Places, 'config' | 'configAsked' | 'data'>

/** Its presence is what counts. Some systems put an ending to every name. */
const resetNames = ['reset-console-password', 'reset-console-password.txt'] as const

const wishes = ['account', 'password', 'console_password'] as const
type Wish = (typeof wishes)[number]

/** What can be done, and what is wrong with the rest. */
export type Plan = {
  /** Undefined when there is nothing to make. */
  readonly account?: { readonly name: string; readonly password: string }
  readonly consolePassword?: string
  readonly done: readonly string[]
  readonly problems: readonly (readonly [key: string, words: string])[]
}

/**
 * Carries out what the table asks for, and takes it out of the file. What cannot be done stays there, each with a comment
 * that says why. Nothing is thrown: mail comes in all the same.
 */
export async function applyFirstBoot(home: Home, file: File, log: Log): Promise<void> {
  try {
    await forgetPassword(home, file, log)
    const text = (await readConfigText(file)) ?? ''
    const table = tableOf(text)
    if (table === undefined) return
    const plan = planFor(table, home)
    for (const [setting, reason] of plan.problems) log.error({ setting, reason }, 'a line of [setup] cannot be used')
    // Before the file itself: later it would not be known any more that there is something to wipe.
    await cleanBackup(backupPath(file.config))
    await carryOut(plan, text, home, file)
    for (const setting of plan.done) log.info({ setting }, 'a line of [setup] is done, and taken out of the file')
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    log.error({ reason: sentence(error) }, '[setup] cannot be carried out')
  }
}

/** Takes the password of the console away where a file asks for it, and then the file: a crash between the two does it again. */
async function forgetPassword({ settings }: Home, { config, data }: File, log: Log): Promise<void> {
  const folders = new Set([dirname(config), data])
  for (const file of [...folders].flatMap(folder => resetNames.map(name => join(folder, name)))) {
    if (!(await isThere(file))) continue
    await settings.set(passwordSetting, '')
    log.warn({ file }, 'the password of the console is taken away')
    try {
      await removeFile(file)
    } catch (error) {
      log.error({ reason: sentence(error) }, 'the password of the console is taken away at each start')
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch {
    return false
  }
}

function tableOf(text: string): ReadonlyMap<string, unknown> | undefined {
  const table = new Map(Object.entries(readToml(text))).get(firstBootTable)
  return isTable(table) ? new Map(Object.entries(table)) : undefined
}

/** What a table [setup] asks for. */
export function planFor(table: ReadonlyMap<string, unknown>, home: Home): Plan {
  const problems: [key: string, words: string][] = []
  const texts = new Map<Wish, string>()
  for (const [key, value] of table) {
    const wish = wishes.find(wish => wish === key)
    const problem = problemOf(wish, value, home)
    if (problem !== undefined) problems.push([key, problem])
    else if (wish && typeof value === 'string') texts.set(wish, value)
  }
  const [name, password, consolePassword] = wishes.map(wish => texts.get(wish))
  const present = name !== undefined && home.accounts.find(accountName(name) ?? '') !== undefined
  // A password is somebody's, and an account that is made has one; who is there already keeps theirs.
  if (!table.has('account') && password !== undefined)
    problems.push(['password', 'whose it is has to stand in account'])
  if (name !== undefined && !present && !table.has('password'))
    problems.push(['account', 'its password has to stand in password'])
  const makes = name !== undefined && password !== undefined && !present
  return {
    ...(makes ? { account: { name, password } } : {}),
    ...(consolePassword === undefined ? {} : { consolePassword }),
    done: [
      ...(makes || present ? ['account', 'password'].filter(key => table.has(key)) : []),
      ...(consolePassword === undefined ? [] : ['console_password']),
    ],
    problems: problems.filter(([key]) => !(present && key === 'password')),
  }
}

/** @param wish undefined where the table has something else */
function problemOf(wish: Wish | undefined, value: unknown, home: Home): string | undefined {
  if (wish === undefined) return `there is no such thing here; possible are ${wishes.join(', ')}`
  if (typeof value !== 'string') return 'it is not text in quotes'
  if (wish !== 'account') return passwordProblem(value)
  const name = accountName(value)
  // What it is, is not repeated: it may be a password in the wrong line.
  if (name === undefined) return `it cannot be the name of an account: ${accountRule}`
  if (home.accounts.find(name)) return undefined
  try {
    newName(value, home)
    return undefined
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error.message
  }
}

/**
 * The new file is written before anything is done, and put in place after: where it cannot be written, the same passwords
 * would be set anew at each start.
 */
async function carryOut(plan: Plan, text: string, home: Home, { config }: File): Promise<void> {
  const { done, problems } = plan
  const edited = textAfter(text, done, problems)
  const replacement = edited === text ? undefined : await prepareReplacement(config, edited)
  try {
    await perform(plan, home)
  } catch (error) {
    await replacement?.discard()
    throw error
  }
  await replacement?.commit()
}

/** Makes the account and sets the passwords. To do it again does no harm. */
export async function perform({ account, consolePassword, problems }: Plan, home: Home): Promise<void> {
  if (account) await home.accounts.add(newName(account.name, home), await hashPassword(account.password))
  if (consolePassword !== undefined) await home.settings.set(passwordSetting, await hashPassword(consolePassword))
  if (problems.length === 0) await markSetUp(home.settings)
}

/** The file without what is done, or without the table when nothing is left to do. */
function textAfter(text: string, done: readonly string[], problems: Plan['problems']): string {
  if (problems.length === 0) return removeTable(text, firstBootTable)
  const rest = done.reduce((text, key) => removeKey(text, `${firstBootTable}.${key}`), text)
  return problems.reduce((text, [key, words]) => remark(text, `${firstBootTable}.${key}`, `Not used: ${words}`), rest)
}

/** It may be from when the passwords were still in the file. */
async function cleanBackup(path: string): Promise<void> {
  const text = await readConfigText({ config: path, configAsked: false })
  if (text === undefined || tableOfAny(text) === undefined) return
  try {
    await replaceFile(path, removeTable(text, firstBootTable))
  } catch {
    await removeFile(path)
  }
}

/** Of a text that may be anything: what cannot be read may hold a password, too. */
function tableOfAny(text: string): unknown {
  try {
    return tableOf(text)
  } catch {
    return text
  }
}
