# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the laboratory itself, with xl2tpd at both ends. Run by vmtest/check --self."""
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


def zeload(*args):
    return lab.Process('lac', 'zeload', lab.ZELOAD, '-S', 'zetest', *args, lab.LNS)


def test_load_generator_as_its_own_ppp_client(lns):
    z = zeload('-t', '2', '-s', '3', '--json', lab.WORK + '/zeload.json')
    assert z.wait(30) == 0, z.text()
    got = lab.json.loads(lab.read(lab.WORK + '/zeload.json'))
    assert (got['up'], got['failed'], got['addresses']) == (6, 0, 6)
    lns.assert_settled()


def test_load_generator_reports_failures(lns):
    z = zeload('-s', '2', '-p', 'wrong', '--json', lab.WORK + '/failed.json')
    assert z.wait(30) == 1, z.text()
    assert lab.json.loads(lab.read(lab.WORK + '/failed.json'))['failed'] == 2
    z = lab.Process('lac', 'zeload', lab.ZELOAD, '-S', 'guess', lab.LNS)
    assert z.wait(30) == 1, z.text()
    assert 'wrong challenge response' in z.text()
    lns.assert_settled()


def test_load_generator_with_pppd(lns):
    options = lab.write(lab.WORK + '/ppp', lab.ppp_options())
    z = zeload('-t', '2', '-s', '3', '--pppd', options, '--hold', '100000')
    lab.wait_for(lambda: len([d for d in lab.links('lac') if 'inet' in lab.addr('lac', d)]) == 6,
                 30, 'six interfaces with addresses')
    for dev in lab.links('lac'):
        lab.assert_ping('lac', lab.GATEWAY, dev=dev)
    z.signal(lab.signal.SIGTERM)
    z.wait(20)
    lns.assert_settled()
