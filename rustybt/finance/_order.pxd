from rustybt.assets._assets cimport Asset


cdef class Order:
    cdef public object id
    cdef public object dt
    cdef public object reason
    cdef public object created
    cdef public Asset asset
    cdef public object amount
    cdef public object filled
    cdef public object commission
    cdef public object stop
    cdef public object limit
    cdef public object broker_order_id
    cdef public double direction
    cdef public bint stop_reached
    cdef public bint limit_reached
    cdef int _status

    cdef int place(self, dt, asset, amount, stop, limit, id) except -1
    cdef bint is_triggered(self)
    cdef bint is_open(self) except -1


cdef class Transaction:
    cdef public Asset asset
    cdef public object amount
    cdef public object dt
    cdef public double price
    cdef public object order_id


cdef struct Fill:
    double price
    double amount


cdef class FillRule:
    cdef int fill(
        self, Order order, double price, double volume, double used, Fill* fill
    ) except -1


cdef class Charge:
    cdef double cost(self, Order order, Transaction transaction) except? -1
