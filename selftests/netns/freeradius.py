# SPDX-License-Identifier: BSD-2-Clause
"""Debian's FreeRADIUS as a server in the namespace of a test, from a copy of its stock configuration."""
import os
import shutil

import nslab

STOCK = '/etc/freeradius/3.0'

# The methods of PPP, and what docs and ze.conf(5) ask for: replies are signed.
SITE = '''
server default {
	listen {
		type = auth
		ipaddr = *
		port = %(port)d
	}
	listen {
		type = acct
		ipaddr = *
		port = %(acct_port)d
	}
	preacct {
		preprocess
	}
	accounting {
		detail
	}
	authorize {
		preprocess
		chap
		mschap
		files
		pap
	}
	authenticate {
		Auth-Type PAP {
			pap
		}
		Auth-Type CHAP {
			chap
		}
		Auth-Type MS-CHAP {
			mschap
		}
	}
	post-auth {
		%(sign)s
		Post-Auth-Type REJECT {
			%(sign)s
			attr_filter.access_reject
		}
	}
}
'''
SIGN = 'update reply { Message-Authenticator := 0x00 }'
# Every record, in the order of arrival.
DETAIL = 'detail {\n\tfilename = %s\n\tpermissions = 0600\n}\n'
CLIENT = 'client ze { ipaddr = %s\n secret = %s\n require_message_authenticator = yes }\n'


def change(name, *pairs):
    with open(name, encoding='utf-8') as f:
        text = f.read()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    with open(name, 'w', encoding='utf-8') as f:
        f.write(text)


def parse(block):
    found = {}
    for line in block.strip('\n').split('\n')[1:]:
        name, _, value = line.strip().partition(' = ')
        found.setdefault(name, []).append(value.strip('"'))
    return found


class FreeRadius:
    def __init__(self, x, name, users, port=1812, secret='s3cret', client='198.51.100.1', signs=True):
        self.x, self.log_name, self.p = x, name + '.log', None
        self.port = port
        self.conf = os.path.join(x.dir, name)
        self.detail = os.path.join(x.dir, name + '.detail')
        shutil.copytree(STOCK, self.conf, symlinks=True)
        for gone in ('mods-enabled/eap', 'sites-enabled/inner-tunnel', 'sites-enabled/default'):
            os.unlink(os.path.join(self.conf, gone))
        change(os.path.join(self.conf, 'radiusd.conf'),
               ('logdir = /var/log/freeradius', 'logdir = ' + self.conf),
               ('run_dir = ${localstatedir}/run/${name}', 'run_dir = ' + self.conf),
               ('\tuser = freerad\n', ''), ('\tgroup = freerad\n', ''), ('reject_delay = 1', 'reject_delay = 0'))
        self.write('sites-enabled/default', SITE % {'port': port, 'acct_port': port + 1, 'sign': SIGN if signs else ''})
        self.write('mods-enabled/detail', DETAIL % self.detail)
        self.write('clients.conf', CLIENT % (client, secret))
        self.write('mods-config/files/authorize', users)

    def write(self, name, text):
        with open(os.path.join(self.conf, name), 'w', encoding='utf-8') as f:
            f.write(text)

    def start(self):
        self.p = self.x.spawn('core', self.log_name, 'freeradius', '-f', '-l', 'stdout', '-d', self.conf)
        nslab.wait_for(lambda: self.p.poll() is not None or 'Ready to process requests' in self.log(), 60)
        assert self.p.poll() is None, self.log()

    def log(self):
        return self.x.log(self.log_name)

    def records(self):
        """The Accounting-Requests, each as {attribute: [values]}."""
        if not os.path.exists(self.detail):
            return []
        with open(self.detail, encoding='utf-8', errors='surrogateescape') as f:
            blocks = f.read().split('\n\n')
        # The last one may be incomplete.
        return [parse(b) for b in blocks[:-1]]

    def stop(self):
        if self.p and self.p.poll() is None:
            self.p.terminate()
            self.p.wait(30)
