/** Devices, kept with the mail: what is set is found again, after a restart too, by the address alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deviceAt, forgetDevice, keepDevice, listDevices } from '../../src/flow/device.ts'
import { Household } from '../support/household.ts'

const scanner = {
  name: 'scanner',
  address: '192.0.2.40',
  as: 'alice@home.example',
  to: ['a@home.example', 'b@c.example'],
}
const camera = { name: 'camera', address: 'fe80::1', as: 'bob@home.example', to: ['bob@home.example'] }

test('devices are found by their address, also after a restart', async () => {
  await using household = await Household.make()
  for (const device of [scanner, camera]) await keepDevice(household.store.settings, device)
  await household.restart()
  const { settings } = household.store
  assert.deepEqual(
    listDevices(settings).map(({ name }) => name),
    ['camera', 'scanner'],
  )
  const asAddress = { localPart: 'alice', domain: 'home.example' }
  assert.deepEqual(deviceAt('192.0.2.40', settings), { ...scanner, asAddress })
  assert.equal(deviceAt('fe80::1', settings)?.name, 'camera')
  assert.equal(deviceAt('192.0.2.4', settings), undefined)
})

test('a device that is kept again is changed, and one that is forgotten is unknown', async () => {
  await using household = await Household.make()
  const { settings } = household.store
  await keepDevice(settings, scanner)
  await keepDevice(settings, { ...scanner, address: '192.0.2.41', to: [] })
  assert.equal(deviceAt('192.0.2.40', settings), undefined)
  assert.deepEqual(deviceAt('192.0.2.41', settings)?.to, [])
  await forgetDevice(settings, 'scanner')
  assert.deepEqual(listDevices(settings), [])
})

test('a device in nobody’s name is none', async () => {
  await using household = await Household.make()
  await keepDevice(household.store.settings, { ...scanner, as: 'nobody' })
  assert.deepEqual(listDevices(household.store.settings), [])
})
