class Node:
    kind = "node"
    count = 0

    def __init__(self, value, next=None):
        self.value = value
        self.next = next
        Node.count += 1

    def __len__(self):
        return 1 + (len(self.next) if self.next else 0)

    def __repr__(self):
        return f"Node({self.value})"

    @property
    def double(self):
        return self.value * 2

    @staticmethod
    def make(n):
        return Node(n)

class Leaf(Node):
    __slots__ = ("extra",)

    def __init__(self, value):
        super().__init__(value)
        self.extra = [value]

head = Node(1, Node(2))
alias = head
alias.value = 7
leaf = Leaf(3)
leaf.extra.append(4)
head.next.next = leaf
print(len(head), head.double, Node.make(5), leaf.extra, Node.count)
