#!/bin/sh
mkdir -p /logs/verifier
if [ "$(cat /app/count.txt)" = "$(find /usr/share/doc -type f | wc -l)" ]; then
	echo '{"reward": 1.0}' > /logs/verifier/reward.json
else
	echo '{"reward": 0.0}' > /logs/verifier/reward.json
fi
