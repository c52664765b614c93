text = "Hello, 'World'"
word = ""
for ch in text:
    if ch.isalpha():
        word += ch.lower()
counts = {}
for ch in word:
    counts[ch] = counts.get(ch, 0) + 1
best = max(counts, key=counts.get)
line = f"{best}={counts[best]:>3} {word!r}"
parts = line.split("=")
joined = "; ".join(parts) + ": a = 1, b"
raw = r"\n" + "\n" + "\u00e9\u4e2d"
print(joined)
print(line, len(raw), word[::-1], text[0:5])
