/**
 * Postfix and Dovecot as Debian packages them: Postfix hands over to Dovecot by LMTP, which keeps Maildirs. All that is
 * not about places and ports is their default, fsync among it, but for the bounds on connections and sizes.
 */
import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { daemons, mainCf, masterCf } from '../../support/postfix-files.ts'
import { family } from '../proc.ts'
import { domain, freePort, launch, listening, type Product, password, stop, until } from './product.ts'

/** The user that owns the Maildirs: Debian's `mail`. */
const user = { uid: 8, gid: 8 } as const

export const postfixDovecot: Product = {
  name: 'Postfix + Dovecot',
  start: async directory => {
    const [smtp, pop3] = [await freePort(), await freePort()]
    const folders = makeFolders(directory)
    const { queue, state } = folders
    const places = { queue, state, log: `${directory}/postfix.log`, hostname: `mail.${domain}` }
    writeFileSync(join(folders.postfix, 'main.cf'), mainCf(places, settings(folders)))
    writeFileSync(join(folders.postfix, 'master.cf'), masterCf(smtp, 'lmtp unix - - n - - lmtp'))
    // Not in its base_dir, where Dovecot puts a link of this name.
    const config = join(directory, 'dovecot.conf')
    writeFileSync(config, dovecotConf(folders, pop3))

    const log = join(directory, 'log')
    const dovecot = launch('dovecot', ['-F', '-c', config], { log })
    await listening(pop3, dovecot)
    execFileSync('/usr/sbin/postfix', ['-c', folders.postfix, 'check'], { stdio: 'ignore' })
    const postfix = launch(join(daemons, 'master'), ['-s', '-c', folders.postfix], { log })
    await listening(smtp, postfix)
    return {
      smtp,
      pop3,
      processes: () => family([postfix.pid, dovecot.pid]),
      holds: (account, messages) => until(() => delivered(join(folders.mail, account)) === messages),
      [Symbol.asyncDispose]: () => stop(postfix, dovecot),
    }
  },
}

type Folders = Readonly<Record<'postfix' | 'queue' | 'state' | 'dovecot' | 'mail', string>>

function makeFolders(directory: string): Folders {
  const folder = (name: string) => {
    const path = join(directory, name)
    mkdirSync(path, { recursive: true, mode: 0o755 })
    return path
  }
  const folders = {
    postfix: folder('postfix'),
    queue: folder('queue'),
    state: folder('state'),
    dovecot: folder('dovecot'),
    mail: folder('mail'),
  }
  chownSync(folders.mail, user.uid, user.gid)
  execFileSync('chown', ['postfix', folders.state])
  return folders
}

/** @returns messages in a Maildir: those that POP3 has not shown yet lie in `new` */
function delivered(maildir: string): number {
  return ['new', 'cur'].reduce((count, name) => {
    const folder = join(maildir, name)
    return existsSync(folder) ? count + readdirSync(folder).length : count
  }, 0)
}

const settings = ({ dovecot }: Folders) => `
virtual_mailbox_domains = ${domain}
virtual_mailbox_maps = static:all
virtual_transport = lmtp:unix:${dovecot}/lmtp
message_size_limit = 60000000
mailbox_size_limit = 0
virtual_mailbox_limit = 0
default_process_limit = 1000
smtpd_client_connection_count_limit = 0
`

const dovecotConf = ({ dovecot, mail }: Folders, pop3: number) => `
base_dir = ${dovecot}
state_dir = ${dovecot}
log_path = ${dovecot}/dovecot.log
protocols = lmtp pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_client_limit = 2000
mail_location = maildir:${mail}/%n
mail_max_userip_connections = 1000
first_valid_uid = 1
passdb {
  driver = static
  args = password=${password}
}
userdb {
  driver = static
  args = uid=${user.uid} gid=${user.gid} home=${mail}/%n allow_all_users=yes
}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
}
service pop3-login {
  inet_listener pop3 {
    port = ${pop3}
  }
  inet_listener pop3s {
    port = 0
  }
}
`
