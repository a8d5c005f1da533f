// SPDX-License-Identifier: GPL-2.0-or-later
/* lane.c - names of the lanes, for files and for people */
#include <objtool/lane.h>
#include <objtool/util.h>

static const struct {
	const char *name; /* part of the .checksums format: never change one */
	const char *words;
} lanes[NR_LANES] = {
    [LANE_CODE] = {"code", "instructions"},
    [LANE_REFS] = {"refs", "calls and data used"},
    [LANE_CONSTS] = {"consts", "strings and constants"},
    [LANE_ALT] = {"alt", "alternatives"},
    [LANE_JUMP_LABEL] = {"jump_label", "static branches"},
    [LANE_EXTABLE] = {"extable", "exception table"},
    [LANE_BUG] = {"bug", "BUG and WARN entries"},
    [LANE_STATIC_CALL] = {"static_call", "static calls"},
    [LANE_TRACE] = {"trace", "ftrace entries"},
    [LANE_PLACE] = {"place", "section"},
    [LANE_OTHER] = {"other", "other tables"},
    [LANE_LINES] = {"lines", "line numbers"},
};

const char *lane_name(enum lane lane)
{
	return lanes[lane].name;
}

const char *lane_words(enum lane lane)
{
	return lanes[lane].words;
}

enum lane lane_find(const char *name, size_t len)
{
	enum lane lane;

	for (lane = 0; lane < NR_LANES; lane++)
		if (strlen(lanes[lane].name) == len && !memcmp(lanes[lane].name, name, len))
			break;
	return lane;
}
