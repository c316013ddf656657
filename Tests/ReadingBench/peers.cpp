// SPDX-License-Identifier: Apache-2.0
// Reads each line of a file of JSON lines by the JSON libraries that Debian has, and prints for each its name and the
// seconds of the processor that it took: text to the library's own value, which is freed again.
#include <jansson.h>
#include <rapidjson/document.h>
#include <simdjson.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

// In peer_json_c.c: the headers of jansson and json-c have names in common.
extern "C" bool json_c_reads(const char *text, size_t length);

static double now()
{
	timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

template <typename Body> static void measure(const char *name, const std::vector<std::string_view> &lines, Body body)
{
	double start = now();
	for (std::string_view line : lines) {
		if (!body(line)) {
			fprintf(stderr, "%s: a line isn't JSON\n", name);
			exit(1);
		}
	}
	printf("%s %.6f\n", name, now() - start);
}

int main(int count, char **arguments)
{
	if (count != 2) return 2;
	std::ifstream file(arguments[1], std::ios::binary);
	std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
	size_t length = text.size();
	text.append(simdjson::SIMDJSON_PADDING, ' ');
	std::vector<std::string_view> lines;
	for (size_t start = 0; start < length;) {
		size_t end = text.find('\n', start);
		if (end == std::string::npos || end > length) end = length;
		if (end > start) lines.emplace_back(text.data() + start, end - start);
		start = end + 1;
	}

	measure("json-c", lines, [](std::string_view line) { return json_c_reads(line.data(), line.size()); });
	measure("jansson", lines, [](std::string_view line) {
		json_t *value = json_loadb(line.data(), line.size(), JSON_REJECT_DUPLICATES, nullptr);
		json_decref(value);
		return value != nullptr;
	});
	measure("rapidjson", lines, [](std::string_view line) {
		rapidjson::Document document;
		document.Parse<rapidjson::kParseValidateEncodingFlag>(line.data(), line.size());
		return !document.HasParseError();
	});
	simdjson::dom::parser parser;
	measure("simdjson", lines, [&](std::string_view line) {
		simdjson::dom::element value;
		return !parser.parse(line.data(), line.size(), false).get(value);
	});
	return 0;
}
