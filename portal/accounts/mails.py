"""What the mails say, in English and in Finnish."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """A mail's subject and text; ``{portal}`` and ``{by}`` are filled in."""

    subject: str
    text: str


_CONFIRM = {
    "en": Wording(
        "Confirm your e-mail address",
        "Welcome to {portal}! Open this link to confirm that this address is yours.",
    ),
    "fi": Wording(
        "Vahvista sähköpostiosoitteesi",
        "Tervetuloa: {portal}! Avaa tämä linkki ja vahvista, että osoite on sinun.",
    ),
}
_RESET = {
    "en": Wording(
        "Choose a new password",
        "Somebody, hopefully you, asked for a new password in {portal}. Open this link to choose"
        " one. If it was not you, do nothing: your password stays as it is.",
    ),
    "fi": Wording(
        "Valitse uusi salasana",
        "Joku, toivottavasti sinä, pyysi uutta salasanaa: {portal}. Valitse se tästä linkistä."
        " Jos et pyytänyt, älä tee mitään: salasanasi pysyy ennallaan.",
    ),
}
_INVITE = {
    "en": Wording(
        "{by} invites you to {portal}",
        "{by} invites you to {portal} on Talkoo. Open this link to join.",
    ),
    "fi": Wording(
        "{by} kutsuu sinut: {portal}",
        "{by} kutsuu sinut Talkoo-portaaliin {portal}. Liity tästä linkistä.",
    ),
}
_MEMBER_ALREADY = {
    "en": Wording(
        "You are in {portal} already",
        "Somebody invited you to {portal}, or tried to join with your address, but you are in it"
        " already. Log in here; there you can also choose a new password.",
    ),
    "fi": Wording(
        "Olet jo mukana: {portal}",
        "Sinut kutsuttiin portaaliin {portal}, tai joku yritti liittyä osoitteellasi, mutta olet jo"
        " mukana. Kirjaudu tästä; samalla voit valita uuden salasanan.",
    ),
}
MAILS = {
    "confirm": _CONFIRM,
    "reset": _RESET,
    "invite": _INVITE,
    "member_already": _MEMBER_ALREADY,
}


def mail(kind: str, language: str, portal: str, by: str = "") -> tuple[str, str]:
    """The subject and text of a mail."""
    wording = MAILS[kind].get(language) or MAILS[kind]["en"]
    values = {"portal": portal, "by": by}
    return wording.subject.format(**values), wording.text.format(**values)
