"""Every fault, an import each; a new fault is a module of this package and an import here."""

from emulator.delivery.faults.api_close import ApiClose as ApiClose
from emulator.delivery.faults.api_corrupt import ApiCorrupt as ApiCorrupt
from emulator.delivery.faults.api_delay import ApiDelay as ApiDelay
from emulator.delivery.faults.api_error import ApiError as ApiError
from emulator.delivery.faults.api_reset import ApiReset as ApiReset
from emulator.delivery.faults.chunked import Chunked as Chunked
from emulator.delivery.faults.content_type import ContentType as ContentType
from emulator.delivery.faults.corrupt import Corrupt as Corrupt
from emulator.delivery.faults.delay import Delay as Delay
from emulator.delivery.faults.drop import Drop as Drop
from emulator.delivery.faults.duplicate import Duplicate as Duplicate
from emulator.delivery.faults.flood import Flood as Flood
from emulator.delivery.faults.half_close import HalfClose as HalfClose
from emulator.delivery.faults.mutate import Mutate as Mutate
from emulator.delivery.faults.reorder import Reorder as Reorder
from emulator.delivery.faults.reset import Reset as Reset
from emulator.delivery.faults.signature import Signature as Signature
from emulator.delivery.faults.slow_body import SlowBody as SlowBody
from emulator.delivery.faults.tls_failure import TlsFailure as TlsFailure
from emulator.delivery.faults.wrong_length import WrongLength as WrongLength
