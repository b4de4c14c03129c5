#!/usr/bin/env bash
# All tests with coverage: those with a browser beside the others. Both wait a lot, for houses that
# start, are killed and come back; one after the other they would leave two cores idle half the time.
# Two processes, because a browser keeps an event loop of its own in the process that drives it.
set -u
bin=.venv/bin
said=$(mktemp)
trap 'rm -f "$said"; kill "$browser" 2>/dev/null' EXIT
rm -f .coverage .coverage.*
COVERAGE_FILE=.coverage.browser $bin/pytest -m browser --cov --cov-report= >"$said" 2>&1 &
browser=$!
COVERAGE_FILE=.coverage.others $bin/pytest -n 2 --dist loadgroup -m "not browser" --cov --cov-report=
others=$?
echo "with a browser:"
wait "$browser"
seen=$?
cat "$said"
$bin/coverage combine --quiet .coverage.browser .coverage.others && $bin/coverage report --skip-covered
[ "$others" = 0 ] && [ "$seen" = 0 ]
