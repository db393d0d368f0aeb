from libc.stdint cimport int64_t


cdef class Asset:
    cdef readonly int64_t sid
    cdef readonly object exchange_info
    cdef readonly object symbol
    cdef readonly object asset_name
    cdef readonly object start_date
    cdef readonly object end_date
    cdef readonly object first_traded
    cdef readonly object auto_close_date
    cdef readonly object tick_size
    cdef readonly double price_multiplier


cdef class Equity(Asset):
    pass


cdef class Future(Asset):
    cdef readonly object root_symbol
    cdef readonly object notice_date
    cdef readonly object expiration_date
