# SPDX-License-Identifier: Apache-2.0
"""A bank account that refuses to go below zero."""


class Refused(Exception):
    pass


class Account:
    def __init__(self, balance):
        self.balance = balance

    def withdraw(self, amount):
        if amount > self.balance:
            raise Refused(f"{amount} is more than {self.balance}")
        self.balance -= amount


def run(orders, balance):
    account, refused = Account(balance), []
    for order in orders:
        try:
            account.withdraw(order)
        except Refused as error:
            refused.append(str(error))
    return account.balance, refused
