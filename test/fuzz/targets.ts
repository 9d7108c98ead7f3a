/** Every grammar and every decoder that is fuzzed, by the name of its file. */
import type { Target } from './engine.ts'
import { config } from './targets/config.ts'
import { control } from './targets/control.ts'
import { dotDecoder } from './targets/dot-decoder.ts'
import { dotEncoder } from './targets/dot-encoder.ts'
import { header } from './targets/header.ts'
import { html } from './targets/html.ts'
import { indexValue } from './targets/index-value.ts'
import { input } from './targets/input.ts'
import { logRecord } from './targets/log-record.ts'
import { mailboxList } from './targets/mailbox-list.ts'
import { mime } from './targets/mime.ts'
import { names } from './targets/names.ts'
import { octets } from './targets/octets.ts'
import { password } from './targets/password.ts'
import { pop3Server } from './targets/pop3-server.ts'
import { sasl } from './targets/sasl.ts'
import { scram } from './targets/scram.ts'
import { shell } from './targets/shell.ts'
import { smtpLogin } from './targets/smtp-login.ts'
import { smtpParameters } from './targets/smtp-parameters.ts'
import { smtpPath } from './targets/smtp-path.ts'
import { smtpReceiver } from './targets/smtp-receiver.ts'
import { smtpSender } from './targets/smtp-sender.ts'
import { submittedHeader } from './targets/submitted-header.ts'
import { top } from './targets/top.ts'
import { transfer } from './targets/transfer.ts'
import { units } from './targets/units.ts'
import { update } from './targets/update.ts'
import { words } from './targets/words.ts'

export const targets: Readonly<Record<string, Target>> = {
  'smtp-receiver': smtpReceiver,
  'smtp-login': smtpLogin,
  'smtp-sender': smtpSender,
  'smtp-path': smtpPath,
  'smtp-parameters': smtpParameters,
  'pop3-server': pop3Server,
  sasl,
  scram,
  password,
  input,
  'dot-decoder': dotDecoder,
  'dot-encoder': dotEncoder,
  top,
  header,
  'submitted-header': submittedHeader,
  'mailbox-list': mailboxList,
  mime,
  transfer,
  words,
  html,
  octets,
  'log-record': logRecord,
  'index-value': indexValue,
  names,
  units,
  config,
  control,
  shell,
  update,
}
