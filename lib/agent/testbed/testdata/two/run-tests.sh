#!/bin/bash
if [ "$(cat /app/word.txt)" = heliotrope ]; then echo "PASSED word"; else echo "FAILED word"; fi
