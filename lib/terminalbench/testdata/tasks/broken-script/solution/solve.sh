#!/bin/bash
cat > /app/sum.sh <<'END'
#!/bin/sh
total=0
for n in "$@"; do
	total=$((total + n))
done
echo "$total"
END
