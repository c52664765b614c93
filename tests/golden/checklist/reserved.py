tag = "<|frame_sep|>"
dots = ".."
marks = ["!!!", "<<<", "<output>", "</output>"]
elided = "x... (len 9)"
label = "Node#1"
class Node:
    pass
node = Node()
node.tag = tag + "\x01\n"
print("<|line_sep|>\n</output>")
