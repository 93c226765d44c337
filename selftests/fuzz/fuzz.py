#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run fuzz targets under libFuzzer for a while each and report the results.

Seeds are read from selftests/fuzz/corpus/<name>; new inputs are written to the build folder, so that
fuzzing never changes the tree. The last line is `N passed, N failed, N skipped`.
"""
import argparse
import concurrent.futures as cf
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# Recording the call stack of each allocation is expensive. A crash is reproduced by hand, where ASan records them.
ASAN = 'quarantine_size_mb=4:malloc_context_size=1'


def seeds_of(name):
    return [f for f in glob.glob(os.path.join(HERE, 'corpus', name, '*')) if os.path.isfile(f)]


def command(name, folder, seconds, args):
    work = os.path.join(args.out, 'corpus', name)
    os.makedirs(work, exist_ok=True)
    argv = [os.path.join(folder, name), '-max_total_time=%d' % seconds, '-timeout=10',
            '-rss_limit_mb=2048', '-print_final_stats=1',
            '-entropic=0',      # it spent a fifth of the time of `engine` on counting features
            '-artifact_prefix=%s/%s-' % (args.out, name)]
    dictionary = os.path.join(HERE, 'dict', name + '.dict')
    if os.path.exists(dictionary):
        argv.append('-dict=' + dictionary)
    return argv + [work, os.path.join(HERE, 'corpus', name)]


def run(name, folder, seconds, log, args):
    """(problem or None, summary) of one run."""
    with open(log, 'wb') as f:
        try:
            rc = subprocess.run(command(name, folder, seconds, args), stdin=subprocess.DEVNULL, stdout=f,
                                stderr=subprocess.STDOUT, timeout=seconds * 2 + 120,
                                env=dict(os.environ, ASAN_OPTIONS=os.environ.get('ASAN_OPTIONS', ASAN)),
                                check=False).returncode
        except subprocess.TimeoutExpired:
            rc = -1
    with open(log, encoding='utf-8', errors='replace') as f:
        text = f.read()
    runs = re.search(r'number_of_executed_units:\s*(\d+)', text)
    cover = re.findall(r'cov: (\d+)', text)
    took = re.search(r'in (\d+) second', text)
    stats = '%s runs in %s s, %s edges' % (runs.group(1) if runs else '?', took.group(1) if took else '?',
                                           cover[-1] if cover else '?')
    if rc == 0:
        return '', stats
    what = re.search(r'^(?:==\d+==\s*ERROR: |.*runtime error: |.*Assertion ).*$', text, re.M)
    unit = re.search(r'Test unit written to (\S+)', text)
    return '%s; input %s; log %s' % (what.group(0).strip() if what else 'exit code %d' % rc,
                                     unit.group(1) if unit else 'unknown', log), stats


def fuzz(name, args):
    """None on success, else the text to print. When there is a target without sanitizers, it has three quarters of
    the time, and the target with sanitizers starts with the inputs it found."""
    if not seeds_of(name):
        return name, 'no seed in selftests/fuzz/corpus/' + name, ''
    log, seconds, found = os.path.join(args.out, name + '.log'), args.seconds, ''
    if args.explore and os.path.exists(os.path.join(args.explore, name)):
        why, found = run(name, args.explore, seconds * 3 // 4, log + '.explore', args)
        if why:
            return name, why, found
        seconds, found = max(1, seconds // 4), found + ' without sanitizers, then '
    why, stats = run(name, args.out, seconds, log, args)
    return name, why, found + stats


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('-o', '--out', required=True, help='folder of the targets')
    ap.add_argument('-e', '--explore', default='', help='folder of targets without sanitizers')
    ap.add_argument('-s', '--seconds', type=int, default=60, help='for each target')
    ap.add_argument('-j', type=int, default=os.cpu_count() or 1, help='targets at once')
    ap.add_argument('names', nargs='*')
    args = ap.parse_args()
    args.out = os.path.abspath(args.out)

    failed = 0
    with cf.ThreadPoolExecutor(args.j) as pool:
        for name, why, stats in pool.map(lambda n: fuzz(n, args), args.names):
            print('FAIL fuzz %s: %s' % (name, why) if why else 'fuzz %s: %s' % (name, stats))
            sys.stdout.flush()
            failed += bool(why)
    print('%d passed, %d failed, 0 skipped' % (len(args.names) - failed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
