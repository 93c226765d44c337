# SPDX-License-Identifier: BSD-2-Clause
"""The laboratory against itself: xl2tpd at both ends. Run by vmtest/check --self."""
import pytest

import lab


@pytest.fixture(scope='module', autouse=True)
def laboratory():
    lab.setup()


@pytest.fixture
def lns():
    lab.reset()
    x = lab.Xl2tpdLns()
    yield x
    x.close()
    assert lab.kernel_state('lns') == ''


def test_login_ping_tcp_and_no_trace_left(lns):
    lac = lab.Lac(alice={'ipv6': True})
    dev = lac.login()
    a = lab.addr('lac', dev)
    assert a['inet'][1] == lab.GATEWAY
    lab.assert_ping('lac', lab.GATEWAY)
    lab.ns_run('lac', 'ip', 'route', 'add', '198.51.100.0/24', 'dev', dev)
    lab.assert_ping('lac', lab.CORE)
    lab.assert_ping('core', a['inet'][0])
    lab.tcp_transfer('lac', 'core', lab.CORE)
    lab.tcp_transfer('core', 'lac', a['inet'][0])
    assert lab.kernel_state('lns') != ''
    lac.close()
    lns.assert_settled()
    lns.stop()


def test_wrong_password_is_seen(lns):
    lac = lab.Lac(alice={'password': 'wrong'})
    lac.dial()
    lab.wait_for(lambda: 'authentication failed' in lac.ppp_log(), 15, 'refusal')
    lac.close()
    lns.assert_settled()


def test_many_calls_on_one_tunnel(lns):
    lac = lab.Lac(alice={})
    lac.login()
    lab.write('/etc/ppp/options', lac.ppp_options('options'))
    tid = lab.re.findall(r'Local: (\d+), Remote: \d+', lac.proc.text())[-1]
    for _ in range(2):
        lac.control('c ' + tid)
    lab.wait_for(lambda: len(lab.links('lac')) == 3, 20, 'three interfaces')
    lac.close()
    lns.assert_settled()
