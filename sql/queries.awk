# queries/*.sql and sqitch.plan -> queries.def
#
#	LC_ALL=C awk -f queries.awk queries/*.sql sqitch.plan
#
# One row a statement, QUERY(stem, "text"), in the order of the arguments, and
# at the end SCHEMA("…") with the last change of the plan: what the database
# must have for these statements to work.
#
# Escaping is one gsub that puts a backslash before each match: mawk drops
# backslashes from replacements such as "\\\\" which gawk keeps.  The question
# mark is escaped because -std=c17 would read ??( as a trigraph.

function close_row()
{
	if (row != "")
		print row "\")"
	row = ""
}

FILENAME ~ /\.plan$/ {
	if (NF > 0 && $1 !~ /^[%@#]/)
		schema = $1
	next
}

FNR == 1 {
	close_row()
	stem = FILENAME
	sub(/.*\//, "", stem)
	sub(/\.sql$/, "", stem)
	row = "QUERY(" stem ", \""
}

{
	gsub(/["\\?]/, "\\\\&")
	gsub(/\t/, "\\t")
	row = row $0 "\\n"
}

END {
	close_row()
	print "SCHEMA(\"" schema "\")"
}
