#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the test programs of this tree in parallel and adds up their results.

Every program prints TAP (cmocka by its environment). One line is printed per failure, one per skip, and
the last line is `N passed, N failed, N skipped`. Whole outputs are kept as files in the log directory.
A skip that is not on selftests/allowed-skips.txt is a failure, and so is a program that runs no test.
"""
import argparse
import concurrent.futures as cf
import fnmatch
import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TAP = re.compile(r'^\s*(not )?ok\b\s*(\d+)?\s*(?:- )?(.*)$')
SKIP = re.compile(r'#\s*SKIP\b\s*(.*)', re.I)
REASON = re.compile(r'.*(==\d+==ERROR: |runtime error: |Assertion .* failed|LeakSanitizer)')


class Job:
    def __init__(self, name, argv, timeout, xml=None):
        self.name, self.argv, self.timeout, self.xml = name, argv, timeout, xml
        self.passed, self.failed, self.skipped = [], [], []   # names; (name, why); names


def environment():
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT='TAP')
    env.setdefault('ASAN_OPTIONS', 'detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1')
    env.setdefault('UBSAN_OPTIONS', 'print_stacktrace=1:halt_on_error=1')
    return env


def execute(job, logdir):
    """Runs the program in a session of its own; a timeout kills all of it."""
    log = os.path.join(logdir, job.name.replace('/', '-') + '.log')
    with open(log, 'wb') as f:
        p = subprocess.Popen(job.argv, stdin=subprocess.DEVNULL, stdout=f, stderr=subprocess.STDOUT,
                             cwd=ROOT, env=environment(), start_new_session=True)
        try:
            rc = p.wait(job.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
            rc = None
    return rc, log


def sanitizer_says(lines):
    return next((l.strip() for l in lines if REASON.match(l)), '')


def read_tap(job, lines):
    marks = [i for i, line in enumerate(lines) if TAP.match(line)] + [len(lines)]
    for i, end in zip(marks, marks[1:]):
        m = TAP.match(lines[i])
        text = m.group(3).strip()
        skip = SKIP.search(text)
        if skip:
            job.skipped.append((SKIP.sub('', text).strip() or skip.group(1)).strip())
        elif m.group(1):   # the diagnostics follow
            said = [l.strip()[2:] for l in lines[i + 1:end] if l.strip().startswith('# ')]
            # Each line of a lint rule is printed; of a test, only the first lines.
            job.failed.append((text, said if job.name == 'lint' else ' '.join(said)[:300]))
        else:
            job.passed.append(text)


def read_xml(job):
    if not os.path.exists(job.xml):
        return
    for case in ET.parse(job.xml).getroot().iter('testcase'):
        name = case.get('classname', '') + '.' + case.get('name', '')
        for bad in list(case.findall('failure')) + list(case.findall('error')):
            job.failed.append((name, (bad.get('message') or '').split('\n')[0][:200]))
            break
        else:
            (job.passed if case.find('skipped') is None else job.skipped).append(name)


def run(job, logdir):
    try:
        rc, log = execute(job, logdir)
    except OSError as e:
        job.failed.append(('(start)', str(e)))
        return job
    with open(log, encoding='utf-8', errors='replace') as f:
        lines = f.read().splitlines()
    if job.xml:
        read_xml(job)
    else:
        read_tap(job, lines)
    if rc is None:
        job.failed.append(('(timeout)', 'killed after %d s, see %s' % (job.timeout, log)))
    elif rc != 0 and not job.failed:
        how = 'killed by signal %d' % -rc if rc < 0 else 'exit code %d' % rc
        job.failed.append(('(exit)', '%s: %s see %s' % (how, sanitizer_says(lines), log)))
    elif not job.passed and not job.failed and not job.skipped:
        job.failed.append(('(empty)', 'ran no test, see ' + log))
    return job


def allowed_skips():
    path = os.path.join(ROOT, 'selftests', 'allowed-skips.txt')
    if not os.path.exists(path):
        return []
    with open(path, encoding='utf-8') as f:
        return [l.split('#')[0].strip() for l in f if l.split('#')[0].strip()]


def jobs_of(args):
    jobs = []
    if args.lint:
        jobs.append(Job('lint', [sys.executable, 'selftests/lint/lint.py'], 300))
        jobs.append(Job('lint-selftest', [sys.executable, 'selftests/lint/test_lint.py'], 300))
    for exe in args.unit:
        jobs.append(Job(os.path.basename(exe), [os.path.abspath(exe)], args.timeout))
    for exe in args.replay:
        name = os.path.basename(exe)
        jobs.append(Job('replay-' + name, [os.path.abspath(exe), 'selftests/fuzz/corpus/' + name],
                        args.timeout))
    if args.pytest:
        xml = os.path.join(os.path.abspath(args.out), 'pytest.xml')
        if os.path.exists(xml):
            os.unlink(xml)
        jobs.append(Job('pytest', [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider',
                                   '--durations=20', '--junitxml', xml] + args.pytest, args.pytest_timeout, xml))
    return jobs


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('-j', type=int, default=os.cpu_count() or 2, help='programs at once')
    ap.add_argument('-o', '--out', required=True, help='folder for logs')
    ap.add_argument('--timeout', type=int, default=600, help='seconds for one program')
    ap.add_argument('--pytest-timeout', type=int, default=900, help='seconds for all of pytest')
    ap.add_argument('--lint', action='store_true')
    ap.add_argument('--unit', nargs='*', default=[])
    ap.add_argument('--pytest', nargs='*', default=[])
    ap.add_argument('--replay', nargs='*', default=[])
    args = ap.parse_args()

    os.makedirs(args.out, exist_ok=True)
    allowed = allowed_skips()
    passed = failed = skipped = 0
    with cf.ThreadPoolExecutor(args.j) as pool:
        for done in cf.as_completed([pool.submit(run, j, args.out) for j in jobs_of(args)]):
            job = done.result()
            for name in job.skipped:
                label = job.name + ': ' + name
                if any(fnmatch.fnmatch(label, a) for a in allowed):
                    print('SKIP ' + label)
                    skipped += 1
                else:
                    job.failed.append((name, 'skipped, but not on selftests/allowed-skips.txt'))
            for name, why in job.failed:
                for line in why if isinstance(why, list) else [why]:
                    print('FAIL %s: %s%s' % (job.name, name, ': ' + line if line else ''))
            passed += len(job.passed)
            failed += len(job.failed)
            sys.stdout.flush()
    if failed:
        print('logs: ' + args.out)
    print('%d passed, %d failed, %d skipped' % (passed, failed, skipped))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
