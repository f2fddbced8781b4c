from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    POS: _ClassVar[Role]
    TECHNICIAN: _ClassVar[Role]
    METRICS: _ClassVar[Role]
ROLE_UNSPECIFIED: Role
POS: Role
TECHNICIAN: Role
METRICS: Role
POLICY_FIELD_NUMBER: _ClassVar[int]
policy: _descriptor.FieldDescriptor

class MethodPolicy(_message.Message):
    __slots__ = ("roles", "read_only", "ends_work")
    ROLES_FIELD_NUMBER: _ClassVar[int]
    READ_ONLY_FIELD_NUMBER: _ClassVar[int]
    ENDS_WORK_FIELD_NUMBER: _ClassVar[int]
    roles: _containers.RepeatedScalarFieldContainer[Role]
    read_only: bool
    ends_work: bool
    def __init__(self, roles: _Optional[_Iterable[_Union[Role, str]]] = ..., read_only: _Optional[bool] = ..., ends_work: _Optional[bool] = ...) -> None: ...
