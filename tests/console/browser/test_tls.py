"""Pages of nodes with certificates that they have made for themselves."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from playwright.sync_api import Error, expect


@pytest.fixture
def nodes(cluster):
    return cluster.pair("--https")


def trusting(launch, *servers):
    """Launch a browser whose user has accepted the certificates of some servers, and of no others."""
    return launch(f"--ignore-certificate-errors-spki-list={','.join(map(pin, servers))}")


def pin(server):
    pem = (server.home / "data" / "tls" / "certificate.pem").read_bytes()
    key = load_pem_x509_certificate(pem).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def test_a_page_goes_on_through_another_node_whose_certificate_the_browser_trusts(
    nodes, launch, open_screen
):
    n1, n2 = nodes
    screen = open_screen(n1, "/about", browser=trusting(launch, n1, n2))
    expect(screen.strip).to_contain_text("n1 leads since")
    (session,) = [c for c in screen.page.context.cookies() if c["name"].startswith("brookline-")]
    assert session["secure"]
    screen.expected.append("net::ERR_")
    n1.kill()
    expect(screen.strip).to_contain_text("n1 is gone; this page goes on through n2")
    expect(screen.strip).to_contain_text("n2 leads since")
    dialog = screen.manage("n2")
    dialog.get_by_label("Priority").fill("3")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")


def test_a_page_that_may_not_reach_the_others_says_how_it_could_and_waits_for_its_own(
    nodes, launch, open_screen
):
    n1, n2 = nodes
    screen = open_screen(n1, "/deploy", browser=trusting(launch, n1))
    page = screen.page
    screen.write("name: Half filled")
    screen.expected += ["net::ERR_", "503"]
    n1.kill()
    expect(screen.strip).to_contain_text("No connection to n1")
    expect(screen.strip).to_contain_text("accepted its certificate")
    there = screen.strip.get_by_role("link", name="n2")
    expect(there).to_have_attribute("href", f"{n2.url}/deploy")
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        page.context.new_page().goto(str(there.get_attribute("href")))

    n1.start("--https").becomes("standby").becomes("read")
    expect(screen.strip).to_contain_text("n2 leads since")
    expect(screen.strip).to_contain_text("this page: n1")
    expect(page.locator(".cm-content")).to_contain_text("Half filled")


def test_any_node_is_managed_from_a_page_whose_browser_trusts_only_the_pages_own(
    nodes, launch, open_screen
):
    n1, n2 = nodes
    screen = open_screen(n1, "/about", browser=trusting(launch, n1))
    dialog = screen.manage("n2")
    dialog.get_by_label("Priority").fill("3")
    dialog.get_by_label("Mode").select_option("HOT_BACKUP")
    dialog.get_by_role("button", name="Apply").click()
    done = dialog.get_by_role("status")
    expect(done).to_contain_text("Done.")
    expect(screen.row("n2")).to_contain_text("HOT_BACKUP")
    assert (n2.get("/v1/server/ha/priority"), n2.state()) == (3, "HOT_BACKUP")
    dialog.get_by_role("button", name="Put it back as it was").click()
    expect(dialog.get_by_role("button", name="Put it back as it was")).to_have_count(0)
    expect(done).to_contain_text("Done.")
    assert (n2.get("/v1/server/ha/priority"), n2.state()) == (0, "HOT_STANDBY")
    dialog.get_by_role("button", name="Close").click()

    dialog = screen.manage("n2")
    dialog.get_by_label("Mode").select_option("HOT_BACKUP")
    dialog.get_by_role("button", name="Apply").click()
    expect(done).to_contain_text("Done.")
    dialog.get_by_role("button", name="Close").click()
    # It stands by no more, so it takes the lead itself.
    dialog = screen.manage("n2")
    dialog.get_by_label("Mode").select_option("MASTER")
    screen.look_at_all("manage-untrusted")
    lead(dialog, "n1")
    expect(screen.strip).to_contain_text("n2 leads since")
    assert n2.state() == "MASTER"


def test_the_master_is_made_a_standby_from_a_page_whose_browser_does_not_trust_it(
    nodes, launch, open_screen
):
    n1, n2 = nodes
    screen = open_screen(n2, "/about", browser=trusting(launch, n2))
    dialog = screen.manage("n1")
    dialog.get_by_label("Mode").select_option("HOT_STANDBY")
    dialog.get_by_label("Reason").fill("disk")
    lead(dialog, "n1")
    expect(screen.strip).to_contain_text("n2 leads since")
    history = screen.page.get_by_role("region", name="Failovers").get_by_role("row")
    expect(history.nth(1)).to_contain_text("demoted to HOT_STANDBY by admin: disk")
    assert (n1.state(), n2.state()) == ("HOT_STANDBY", "MASTER")


def lead(dialog, loser):
    """Agree to a change of who leads, and wait until it is done."""
    dialog.get_by_label(f"I want {loser} to stop leading").check()
    dialog.get_by_role("button", name="Apply").click()
    dialog.get_by_role("button", name="Do it now").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
