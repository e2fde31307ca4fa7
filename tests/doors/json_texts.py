# ruff: noqa: E501 - one class a line
"""Texts that RFC 8259 does not allow, some of every class that parsers are known to take, and texts that it does.

Our own, class by class: what a public suite calls must-reject and must-accept.
"""

from __future__ import annotations

REFUSED: dict[str, list[bytes]] = {
    "nothing at all": [b" ", b"\n", b"\t\r\n"],
    "array not closed": [b"[", b'["a"', b"[1", b"[1,", b"[[1]", b'["a",\n4\n,1', b"[{}"],
    "array with a stray comma": [b"[1,]", b"[,]", b"[,1]", b"[1,,2]", b'["",]', b"[1,,]", b"[   , ]"],
    "array without a comma": [b"[1 2]", b'["a" "b"]', b"[1 true]", b"[3[4]]", b"[1\n1]"],
    "array with a colon": [b'["a":1]', b"[1:2]", b'["": 1]'],
    "array closed twice or wrongly": [b"[1]]", b"[1}", b"]", b"[1]x", b"[a\xc3\xa5]", b"[*]", b"[x"],
    "object not closed": [b"{", b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,', b'{"a":{}', b'{"a":"a'],
    "object with a stray comma": [b'{"a":1,}', b"{,}", b'{"a":1,,"b":2}', b'{"a":1,,,,}', b'{,"a":1}'],
    "object with a wrong separator": [b'{"a" 1}', b'{"a",1}', b'{"a"::1}', b'{"a":1;"b":2}', b'{"a"=1}', b'{"a":1 "b":2}'],
    "object whose name is no text": [b"{1:1}", b"{null:1}", b"{true:1}", b"{[]:1}", b"{a:1}", b"{'a':1}", b"{9999E9999:1}"],
    "object without a value": [b'{"a"}', b'{"a":}', b'{:"b"}', b'{"a":1:2}', b'{"a":1,"b"}'],
    "text after the value": [b"{}{}", b"{} 1", b"[][]", b"1 2", b'"" ""', b"{}#", b"{}//", b"{}/**/", b'{"a":1}}', b"1]"],
    "comments": [b"/**/{}", b"{/**/}", b'{"a":/*c*/1}', b"#c\n{}", b"[1 // c\n]", b"-- c\n1"],
    "literals that are none": [b"nul", b"tru", b"fals", b"True", b"NULL", b"FALSE", b"truth", b"undefined", b"None", b"[nul]"],
    "not a number": [b"NaN", b"[NaN]", b"[-NaN]", b"[Infinity]", b"[-Infinity]", b"[+Infinity]", b"[Inf]", b"[nan]"],
    "leading zeros": [b"[01]", b"[-01]", b"[00]", b"[-00]", b"[012.5]", b"-012"],
    "signs": [b"[+1]", b"[++1]", b"[--1]", b"[- 1]", b"[+]", b"[-]", b"[1+2]", b"[1-2]", b"[-a]", b"[2-]"],
    "points": [b"[.5]", b"[-.5]", b"[1.]", b"[-2.]", b"[0.e1]", b"[2.e3]", b"[1.2.3]", b"[.-1]", b"[1,5.]", b"[1 000.0]"],
    "exponents": [b"[1e]", b"[1e+]", b"[1eE2]", b"[1e1.5]", b"[0e]", b"[0E+]", b"[e1]", b"[1.0e]", b"[1e--1]", b"[9.e+]"],
    "numbers of other languages": [b"[0x1]", b"[0x42]", b"[0b1]", b"[0o7]", b"[1_000]", b"[1f]", b"[1n]", "[１]".encode()],
    "numbers out of range": [b"[1e999]", b"[-1e999]", b"[123123e100000]", b"[0.4e00669999999999999999999999999999999]"],
    "text not closed": [b'"', b'"a', b'["a]', b'["\\"]', b'["a\\', b'"\\'],
    "text in other quotes": [b"'a'", b"['a']", b"[`a`]", "[“a”]".encode(), b"[a]", b"\\u0020\"a\""],
    "unknown escapes": [b'["\\x00"]', b'["\\a"]', b'["\\0"]', b'["\\ "]', b"[\"\\'\"]", b'["\\U0041"]', b'["\\{1}"]'],
    "unfinished escapes": [b'["\\u"]', b'["\\u1"]', b'["\\u12"]', b'["\\u123"]', b'["\\u12G4"]', b'["\\uD834\\u"]', b'["\\u+041"]'],
    "lone surrogates": [b'["\\uD800"]', b'["\\uDFFF"]', b'["\\uDC00\\uD800"]', b'["\\uD800\\n"]', b'["\\uD800\\uD800"]'],
    "control characters in a text": [b'["\x00"]', b'["\n"]', b'["\t"]', b'["\r"]', b'["\x1f"]', b'["a\x00a"]'],
    "white space that is none": [b"[\x0c]", b"[\x0b1]", b"[\xc2\xa0]", b"\xe2\x81\xa0[]", b"[1\xe3\x80\x80]", b"[\x00]", b"[\xe2\x80\xa8]"],
    "not UTF-8": [b'["\xff"]', b'["\xe9"]', b'["\xc0\xaf"]', b'["\xed\xa0\x80"]', b'["\xf8\x88\x80\x80\x80"]', b'["\xe6\x97"]', b"\x80"],
    "other encodings": ["{}".encode("utf-16"), '["é"]'.encode("utf-16-le"), '{"a":1}'.encode("utf-16-be"), "[]".encode("utf-32")],
    "a mark of byte order": [b"\xef\xbb\xbf{}", b"\xef\xbb\xbf", b"\xef\xbb{}", b"\xef\xbb\xbf[1]"],
    "a name twice": [b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'{"x":[{"a":1,"b":2,"a":3}]}'],
    "too deep": [b"[" * 100 + b"]" * 100, b"[" * 100_000, b'{"a":' * 5_000, b'[{"":' * 20_000],
    "other languages": [b"<xml/>", b"a: 1", b"a=1&b=2", b"<null>", b"(1)", b"{'a'}", b"[1;2]", b"@", b"\xc3\xa5", b"$[]", b"*"],
}  # fmt: skip
"""By class; every one of them is refused wherever it is sent."""

ACCEPTED: dict[str, list[bytes]] = {
    "arrays": [b"[]", b"[1]", b"[[]]", b'[""]', b"[null,1,\"1\",{}]", b"[1, null ,null,null,2]", b" [ 1 ] ", b"[1\n]"],
    "objects": [b"{}", b'{"":0}', b'{"a":1,"b":2}', b'{"a":{"a":{}}}', b'{ "a" : 1 }', b'{"a":"\\u0000"}', b'{"\\u0061":1}'],
    "numbers": [b"0", b"-0", b"1", b"-1", b"1.5", b"0e1", b"0e+1", b"1E2", b"1e-2", b"123.456e3", b"-0.000000000000001", b"20e1"],
    "texts": [b'""', b'"a"', b'" "', b'"\\u0041"', b'"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"中"'.encode(), b'"\x7f"', b'"/"'],
    "texts beyond the first plane": ['"𠮷"'.encode(), b'"\\uD842\\uDFB7"', b'"\\ud83d\\ude39\\ud83d\\udc8d"', '"ᠮᠣᠩ😀"'.encode()],
    "texts at the edges": [b'"\\uFFFF"', b'"\\u0012"', "\"\u2028\u2029\"".encode(), b'"\\u2028"', "\"\U0010ffff\"".encode(), b'"\xef\xbb\xbf"'],
    "literals": [b"true", b"false", b"null", b" null ", b"[true]"],
    "white space": [b"\t[]\n", b"\r\n{}\r\n", b"[ \t\r\n]", b" 1 "],
}  # fmt: skip
"""By class; every one of them is read, whatever the schema then says of it."""
