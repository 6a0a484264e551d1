# The first process of a container. It has no processes of its own to start, so
# that it can work where a command has used up all there may be: sh reads files,
# and sends signals, by itself.
look() {
	for d in /proc/[0-9]*; do
		m=-
		{ IFS= read -r s <"$d/stat"; } 2>/dev/null || continue
		{ while IFS= read -r l || [ -n "$l" ]; do
			case $l in *IPW_COMMAND=*) m=${l#*IPW_COMMAND=} m=${m%%.*}; break ;; esac
			l=
		done <"$d/environ"; } 2>/dev/null
		echo "$m $s"
	done
	echo ==
}
while read -r a b; do
	case $a in
	look) look ;;
	send) for p in ${b#* }; do kill -s "${b%% *}" "$p"; done 2>/dev/null; echo == ;;
	esac
done
