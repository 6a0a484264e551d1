#!/bin/bash
reward=1
check() {
	if [ "$(sh /app/sum.sh $1)" = "$2" ]; then
		echo "PASSED sum of ${1:-nothing}"
	else
		echo "FAILED sum of ${1:-nothing}"
		reward=0
	fi
}
check "1 2 3" 6
check "40 2" 42
check "" 0
mkdir -p /logs/verifier
echo $reward > /logs/verifier/reward.txt
