# complete.bash SCRIPT LINE: prints what bash offers for a line, one candidate a line.
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
_hammer2
if [ "${#COMPREPLY[@]}" -gt 0 ]; then printf '%s\n' "${COMPREPLY[@]}"; fi
